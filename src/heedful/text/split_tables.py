"""Data that come as several tables, one a split: those that a command wants, as parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from heedful.records import HeedfulError
from heedful.text.columns import same_split
from heedful.text.options import ReadOptions
from heedful.text.part import Part
from heedful.text.splits import choose_split
from heedful.text.table import Table, clip, column_list
from heedful.text.tables import table_part


def split_parts(
    tables: Mapping[str, Callable[[], Table]], name: str, options: ReadOptions
) -> Iterator[Part]:
    """A part for each table that is wanted; no others are opened.

    Args:
        tables: how each is opened, by the name of its split; "" = it has none, and may hold a
            column of splits.
        name: of all, for messages.
        options: whose `split` and `usual_split` choose.

    Raises:
        HeedfulError: no such split, or as `table_part`.
    """
    if "" in tables:
        yield from (table_part(opened(), options) for opened in tables.values())
        return
    demanded = choose_split(options, tables).split
    wanted = [s for s in tables if demanded in (None, "all") or same_split(s, str(demanded))]
    if not wanted:
        raise HeedfulError(
            f"{name} has no split {clip(demanded)}; it has {column_list(list(tables))}"
        )
    inner = replace(options, split=None, usual_split=None)
    for split in wanted:
        part = table_part(tables[split](), inner)
        yield replace(part, notes=(*part.notes, *_note(name, split, list(tables), wanted)))


def _note(name: str, split: str, tables: list[str], wanted: list[str]) -> tuple[str, ...]:
    if len(tables) == 1 or split != wanted[0]:
        return ()
    used = "all splits are used" if len(wanted) == len(tables) else f"only split {split} is used"
    return (f"{name}: {used}, of {column_list(tables)}; --split picks one",)
