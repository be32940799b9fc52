"""The files of `--unlabelled`: texts to learn word vectors from, labels unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from heedful.face.console import tell_data
from heedful.face.remembering import names_of
from heedful.records import Example
from heedful.text.corpus import ReadOptions, fingerprint, read
from heedful.text.splits import WITHOUT_LABELS


def read_unlabelled(paths: Sequence[str], options: ReadOptions) -> list[Example]:
    """Their texts, read as the training data but for labels and splits.

    Of data with a split column the rows without labels are taken, else the training rows.

    Raises:
        HeedfulError: as `corpus.read`.
    """
    own = replace(
        options,
        label=None,
        label_map=(),
        label_separator=None,
        multi_label=None,
        split=None,
        usual_split=WITHOUT_LABELS,
        labelled=False,
    )
    examples: list[Example] = []
    for path in paths:  # one by one: no one asks whether their labels fit together
        found = read([path], own)
        tell_data(found.notes, found.bad_rows)
        examples += [Example(e.text, (), e.source, e.row) for e in found.examples]
    return examples


def unlabelled_facts(paths: Sequence[str], examples: Sequence[Example]) -> dict[str, Any]:
    """What config.json says about them; nothing where there are none."""
    if not paths:
        return {}
    return {
        "unlabelled_files": names_of(paths),
        "unlabelled_rows": len(examples),
        "unlabelled_fingerprint": fingerprint(examples),
    }
