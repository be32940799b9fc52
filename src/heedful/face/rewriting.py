"""What commands on pairs and on networks that rewrite share: when it is one, columns, refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from heedful.face.onnx_file import is_exported
from heedful.face.remembering import facts
from heedful.face.stdin import taking_stdin
from heedful.learn.run import is_sequence_run
from heedful.presets import PRESETS
from heedful.records import HeedfulError
from heedful.text.options import ReadOptions
from heedful.text.pairs import Pairs, read_pairs

REWRITING = tuple(
    name for name, values in PRESETS.items() if any(key.startswith("sequence.") for key in values)
)
"""The presets for pairs; all others are for labelled texts."""

SETS = ("clock",)
"""The named sets of pairs."""


@dataclass(frozen=True)
class Columns:
    """Where source and target stand; None = as in training, or found."""

    source: str | None = None
    target: str | None = None


def are_pairs(data: Sequence[str], columns: Columns, preset: str | None = None) -> bool:
    """Whether a command is about pairs: columns of pairs, a preset for them, or a set of them."""
    named = [name.partition(":")[0] in SETS and not Path(name).exists() for name in data]
    given = columns.source is not None or columns.target is not None
    return given or preset in REWRITING or (bool(named) and all(named))


def preset_of(name: str | None, *, pairs: bool) -> str:
    """The preset asked for, or the usual one.

    Raises:
        HeedfulError: a preset of the other half of the product.
    """
    if name is None:
        return "translate" if pairs else "default"
    if pairs and name in PRESETS and name not in REWRITING:
        raise HeedfulError(
            f"--preset {name} is for labelled texts; pairs take {', '.join(REWRITING)}"
        )
    return name


def refuse(flags: Mapping[str, Any], names: Sequence[str], what: str) -> None:
    """Flags that would have no effect are told, not ignored.

    Args:
        flags: a command's local flags.
        names: those that mean nothing here.
        what: what they mean nothing for.

    Raises:
        HeedfulError: one of them is given.
    """
    for name in names:
        if flags.get(name) not in (None, False, [], ()):
            flag = _FLAGS.get(name, name.replace("_", "-"))
            raise HeedfulError(f"--{flag} means nothing for {what}; leave it out")


_FLAGS = {"class_": "class"}
LABELLED = ("text", "label", "label_map", "label_separator", "multi_label", "split", "num_words")
"""Flags about labelled texts."""
PAIRED = ("source", "target", "beam", "any_target")
"""Flags about pairs."""
REWRITER = "a run that rewrites"
CLASSIFIER = "a classifier's run"


def rewrites(run: str) -> bool:
    """Whether a run rewrites sequences.

    Raises:
        HeedfulError: no finished run there, or a damaged one.
    """
    return not is_exported(run) and is_sequence_run(Path(run))


def remembered_columns(run: Path, columns: Columns) -> Columns:
    """The columns of training where none are given."""
    stored = facts(run).get("read", {})
    found = {side: stored.get(side) for side in ("source", "target")}
    if not all(name is None or isinstance(name, str) for name in found.values()):
        raise HeedfulError(f"{run / 'config.json'} is damaged: data.read.source, data.read.target")
    return Columns(columns.source or found["source"], columns.target or found["target"])


def pairs_of(data: Sequence[str], options: ReadOptions, columns: Columns) -> Pairs:
    """The pairs of some files and named sets; `-` is standard input.

    Raises:
        HeedfulError: they cannot be read.
    """
    with taking_stdin(data, replace(options, text=columns.source)) as files:
        return read_pairs(files, columns.source, columns.target, options)


def pairs_like(run: Path, data: Sequence[str], options: ReadOptions, columns: Columns) -> Pairs:
    """Pairs for a run: the columns of training where the data have them and none are given."""
    known = remembered_columns(run, columns)
    if known == columns:
        return pairs_of(data, options, columns)
    try:
        return pairs_of(data, options, known)
    except HeedfulError:
        if "-" in data:  # it is read only once
            raise
        return pairs_of(data, options, columns)


@contextmanager
def sources_like(
    run: Path, data: Sequence[str], options: ReadOptions, columns: Columns
) -> Iterator[tuple[list[str], ReadOptions, str | None]]:
    """Files with `-` replaced, and what `text.one_side.read_sources` is told beside them."""
    known = remembered_columns(run, columns).source
    asked = replace(options, text=columns.source)
    with taking_stdin(data, asked, lines=True, trained=replace(asked, text=known)) as files:
        yield files, asked, known
