"""The public entry to pairs: files and named sets become sources and targets, split by source.

Nothing is dropped in silence: a row becomes a pair or a bad row with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from heedful.records import BadRow, Example, HeedfulError
from heedful.text.cells import UnusableError, read_text
from heedful.text.corpus import fingerprint
from heedful.text.holdout import split
from heedful.text.options import ReadOptions
from heedful.text.pair import Pair, Pairs
from heedful.text.pair_columns import open_pair_table
from heedful.text.sources import resolve_pairs
from heedful.text.table import Row, clip

__all__ = ["Pair", "Pairs", "fingerprint_of", "read_pairs", "split_by_source"]


def read_pairs(
    paths: str | Path | Sequence[str | Path],
    source_column: str | None = None,
    target_column: str | None = None,
    options: ReadOptions | None = None,
) -> Pairs:
    """All pairs of one or several files and named sets, joined in that order.

    Args:
        paths: CSV, TSV, JSONL or Parquet files (plain, .gz or .zst), or `clock`.
        source_column: its name; in a file without header its number, from 1.
        target_column: as `source_column`. None for both: `pair_columns` finds them.
        options: encoding, delimiter, header and longest text; default `ReadOptions()`.

    Raises:
        HeedfulError: a file cannot be read or holds no usable pair, or its columns are not clear.
    """
    options = options or ReadOptions()
    names = [paths] if isinstance(paths, str | Path) else paths
    if not names:
        raise HeedfulError("no data given; name a file of pairs or the data set clock")
    parts = [_read(name, source_column, target_column, options) for name in names]
    return Pairs(
        tuple(pair for part in parts for pair in part.pairs),
        tuple(row for part in parts for row in part.bad_rows),
        tuple(note for part in parts for note in part.notes),
    )


def _read(name: str | Path, source: str | None, target: str | None, options: ReadOptions) -> Pairs:
    found = resolve_pairs(name)
    if isinstance(found, tuple):
        return _generated(found, source, target)
    if not found.is_file():
        raise HeedfulError(f"{found} is not a file; pairs are read from CSV, TSV, JSONL or Parquet")
    table, first, second = open_pair_table(found, options, source, target)
    good: list[Pair] = []
    bad: list[BadRow] = []
    for item in _items(table.rows((first, second)), table.source, options.max_characters):
        if isinstance(item, Pair):
            good.append(item)
        else:
            bad.append(item)
    if not good:
        raise HeedfulError(f"{table.source}: none of its {len(bad):,} rows is a pair; {bad[0]}")
    columns = (clip(table.columns[i]) for i in (first, second))
    said = "{}: {}; source in column {}, target in column {}"
    return Pairs(tuple(good), tuple(bad), (said.format(table.source, table.form, *columns),))


def _items(rows: Iterable[Row], source: str, longest: int) -> Iterator[Pair | BadRow]:
    """One item for each row, in order."""
    for number, row in enumerate(rows, 1):
        try:
            if isinstance(row, str):
                raise UnusableError(row)
            texts = (read_text(row[0], longest, "source"), read_text(row[1], longest, "target"))
            yield Pair(*texts, source, number)
        except UnusableError as reason:
            yield BadRow(source, number, str(reason))


_GENERATED = ("human", "military")


def _generated(pairs: tuple[Pair, ...], source: str | None, target: str | None) -> Pairs:
    """Generated pairs; the columns may be named the other way round."""
    name, wanted = pairs[0].file, (source, target)
    note = f"{name}: {len(pairs):,} generated pairs"
    if all(given in (None, usual) for given, usual in zip(wanted, _GENERATED, strict=True)):
        return Pairs(pairs, notes=(note,))
    if all(given in (None, usual) for given, usual in zip(wanted, _GENERATED[::-1], strict=True)):
        turned = tuple(Pair(p.target, p.source, p.file, p.row) for p in pairs)
        return Pairs(turned, notes=(f"{note}, from military to human",))
    raise HeedfulError(
        f"{name} has no columns {clip(source)} and {clip(target)}; they are human and military"
    )


def split_by_source(
    pairs: Sequence[Pair], share: float, seed: int
) -> tuple[list[Pair], list[Pair]]:
    """Divides pairs into (training, held out), both in the order given.

    All pairs whose sources are equal after `normalise` go to the same side: also "Go." and "Go!".

    Args:
        pairs: the whole.
        share: of the pairs to hold out, between 0 and 1 (exclusive).
        seed: the same seed gives the same split of the same pairs.

    Raises:
        HeedfulError: share out of range, or too few distinct sources for two sides.
    """
    numbered = [Example(pair.source, row=i) for i, pair in enumerate(pairs)]
    kept, held = split(numbered, share, seed, stratify=False)
    return [pairs[e.row] for e in kept], [pairs[e.row] for e in held]


def fingerprint_of(pairs: Iterable[Pair]) -> str:
    """SHA-256 (hex) over sources and targets in order: the same data gives the same print."""
    return fingerprint(Example(pair.source, (pair.target,)) for pair in pairs)
