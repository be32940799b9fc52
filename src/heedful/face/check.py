"""`heedful check`: what is in some data, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.table import Table

from heedful.face.console import cell, note, show, tell_data, warn, write_json
from heedful.face.label_check import show_suspects, suspects_of
from heedful.face.stdin import taking_stdin
from heedful.records import HeedfulError
from heedful.text.corpus import Corpus, ReadOptions, read
from heedful.text.pair_quality import PairQuality
from heedful.text.quality import Pair, Quality, SplitQuality, check

MOST_LABELS = 30
SHOWN = 3  # pairs of rows a finding
SIMILARITY = "≈ is the share of five-word runs in common, estimated"


def run_check(
    data: Mapping[str, Sequence[str]],
    options: ReadOptions,
    json: str | None,
    *,
    label_errors: bool = False,
) -> None:
    """Read every named part of the data, look for faults, and show them, leaks first."""
    splits: dict[str, Corpus] = {}
    # Leaks and lengths can be judged without labels, so unlabelled rows stay in.
    options = replace(options, labelled=False)
    for name, paths in data.items():
        if not paths:
            continue
        with taking_stdin(paths, options) as files:
            corpus = read(files, options)
        tell_data(corpus.notes, corpus.bad_rows)
        splits[name] = corpus
    if not splits:
        raise HeedfulError("no data given; name a file, a folder or a data set")
    quality = check(splits)
    suspects = {name: suspects_of(splits[name]) for name in splits if label_errors}
    if json:
        record = quality.to_json()
        write_json(json, record | {"label_errors": suspects} if label_errors else record)
    if json == "-":
        return
    tell_leaks(quality)
    for name, split in quality.splits.items():
        show(_table(split), f"{name}: {', '.join(data[name])}")
        _tell_duplicates(split)
        if name in suspects:
            show_suspects(name, suspects[name])


def tell_leaks(quality: Quality | PairQuality) -> None:
    """Name every pair of splits that shares texts, or has texts that are nearly the same."""
    for leak in quality.leaks:
        total = quality.splits[leak.second].rows
        if leak.texts:
            warn(
                f"LEAK: {leak.second_rows:,} of {total:,} {leak.second} texts "
                f"({100 * leak.second_rows / total:.1f} %) also stand in {leak.first}; figures on "
                f"{leak.second} will flatter the model. Remove them from {leak.first}"
            )
            tell_pairs(leak.pairs, SHOWN)
        if leak.near:
            warn(
                f"NEAR LEAK: {leak.near:,} {'more ' if leak.texts else ''}of {total:,} "
                f"{leak.second} texts ({100 * leak.near / total:.1f} %) are nearly the same as a "
                f"text of {leak.first}"
            )
            tell_pairs(leak.near_pairs, SHOWN)
        if not leak.texts and not leak.near:
            note(f"no text of {leak.second} stands in {leak.first}, nor nearly", style="green")


def tell_pairs(pairs: Sequence[Pair], most: int) -> None:
    """Name the first few pairs of rows that are the same or nearly."""
    for pair in pairs[:most]:
        sign = "=" if pair.similarity == 1 else f"≈ {pair.similarity:.2f}"
        note(f"  {pair.second}  {sign}  {pair.first}", style="yellow")


def _table(split: SplitQuality) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("usable rows", f"{split.rows:,}")
    for label, count in list(split.labels.items())[:MOST_LABELS]:
        table.add_row(
            cell(f"  label {label}"), f"{count:,} ({100 * count / max(split.rows, 1):.1f} %)"
        )
    if len(split.labels) > MOST_LABELS:
        table.add_row(f"  {len(split.labels) - MOST_LABELS} more labels", "")
    lengths = split.lengths
    table.add_row("words a text: mean / median", f"{lengths.mean:,.0f} / {lengths.median:,.0f}")
    table.add_row(
        "  90 / 95 / 99 % have at most",
        f"{lengths.p90:,.0f} / {lengths.p95:,.0f} / {lengths.p99:,.0f}",
    )
    table.add_row("  longest", f"{lengths.max:,}")
    table.add_row("texts seen before (duplicates)", f"{split.duplicates:,}")
    table.add_row("texts nearly the same as one before", f"{split.near_duplicates:,}")
    table.add_row("texts with contradictory labels", f"{split.conflicts:,}")
    table.add_row("pairs nearly the same, labels differ", f"{split.near_conflicts:,}")
    table.add_row("texts without a letter or digit", f"{split.wordless:,}")
    table.add_row("bad rows", f"{split.bad_rows:,}")
    return table


def _tell_duplicates(split: SplitQuality) -> None:
    if split.near_duplicates:
        note(f"nearly the same ({SIMILARITY}):", style="yellow")
        tell_pairs(split.near_pairs, SHOWN)
    _tell_conflicts(split.conflict_pairs, "the same")
    _tell_conflicts(split.near_conflict_pairs, "nearly the same")


def _tell_conflicts(pairs: Sequence[Pair], how: str) -> None:
    for pair in pairs[:SHOWN]:
        warn(
            f"{pair.first} and {pair.second} have {how} text but the labels "
            f"{', '.join(pair.first_labels)} and {', '.join(pair.second_labels)}"
        )
