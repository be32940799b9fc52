"""`heedful check` on pairs: what is in them, what is wrong with them, what splits share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from heedful.face.check import SIMILARITY, tell_leaks, tell_pairs
from heedful.face.console import note, show, tell_data, write_json
from heedful.face.rewriting import Columns, pairs_of
from heedful.text.options import ReadOptions
from heedful.text.pair_quality import PairSplit, check_pairs
from heedful.text.pairs import Pairs

SHOWN = 3


def run_pair_check(
    data: Mapping[str, Sequence[str]], options: ReadOptions, columns: Columns, json: str | None
) -> None:
    """Read every named part of the data, look for faults, and show them, leaks first."""
    splits: dict[str, Pairs] = {}
    for name, paths in data.items():
        if paths:
            splits[name] = pairs_of(paths, options, columns)
            tell_data(splits[name].notes, splits[name].bad_rows)
    quality = check_pairs(splits)
    if json:
        write_json(json, quality.to_json())
    if json == "-":
        return
    tell_leaks(quality)
    for name, split in quality.splits.items():
        show(_table(split), f"{name}: {', '.join(data[name])}")
        if split.near_duplicates:
            note(f"nearly the same ({SIMILARITY}):", style="yellow")
            tell_pairs(split.near_pairs, SHOWN)
        for pair in split.conflict_pairs[:SHOWN]:
            targets = (" or ".join(pair.first_labels), " or ".join(pair.second_labels))
            note(
                f"{pair.first} and {pair.second} have the same source, but the targets "
                f"{targets[0]} and {targets[1]}",
                style="yellow",
            )


def _table(split: PairSplit) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("usable pairs", f"{split.rows:,}")
    table.add_row("distinct sources", f"{split.sources:,}")
    for side, lengths in (("source", split.source_lengths), ("target", split.target_lengths)):
        table.add_row(
            f"characters a {side}: mean / median / longest",
            f"{lengths.mean:,.0f} / {lengths.median:,.0f} / {lengths.max:,}",
        )
    table.add_row("pairs seen before (both sides the same)", f"{split.identical_rows:,}")
    table.add_row("sources with several targets", f"{split.conflicts:,}")
    table.add_row("sources nearly the same as one before", f"{split.near_duplicates:,}")
    table.add_row("targets that are the source itself", f"{split.unchanged:,}")
    table.add_row("bad rows", f"{split.bad_rows:,}")
    return table
