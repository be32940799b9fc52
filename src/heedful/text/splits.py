"""Which rows a command takes from data that holds several splits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from heedful.text.columns import same_split
from heedful.text.options import ReadOptions


def choose_split(options: ReadOptions, splits: Iterable[str]) -> ReadOptions:
    """The usual split of the command, where none is demanded and the data has that one and others.

    Training on a file that holds the test rows too is a common way to a wrong figure, so
    `train` takes the training rows, and `evaluate` the test rows, unless told otherwise.
    """
    usual = options.usual_split
    names = {name for name in splits if name}
    if options.split is None and usual and len(names) > 1:
        if any(same_split(name, usual) for name in names):
            return replace(options, split=usual)
    return options
