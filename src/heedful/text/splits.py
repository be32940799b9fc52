"""Which rows a command takes from data that holds several splits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from heedful.text.columns import same_split
from heedful.text.options import ReadOptions

WITHOUT_LABELS = "unsup"
# What else may be meant, in order of preference. Test rows are not for learning, even unlabelled.
_INSTEAD = {WITHOUT_LABELS: ("unsup", "unsupervised", "unlabelled", "unlabeled", "train")}


def choose_split(options: ReadOptions, splits: Iterable[str]) -> ReadOptions:
    """The usual split of the command, where none is demanded and the data has that one and others.

    Training on a file that holds the test rows too is a common way to a wrong figure, so
    `train` takes the training rows, and `evaluate` the test rows, unless told otherwise; of texts
    without labels those are taken that are called so, else the training rows.
    """
    usual = options.usual_split
    names = {name for name in splits if name}
    several = options.split is None and len(names) > 1
    if not several or not usual:
        return options
    for wanted in _INSTEAD.get(usual, (usual,)):
        if any(same_split(name, wanted) for name in names):
            return replace(options, split=wanted)
    return options
