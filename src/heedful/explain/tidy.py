"""Explanations as one long table of pandas or polars: a row for each token of each text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heedful.learn.tabular import Frame, table_of
from heedful.records import Explanation


def tidy(explanations: Explanation | Sequence[Explanation], frame: Frame = "pandas") -> Any:
    """A table with a row for each token that was read, in order.

    | column | holds |
    |---|---|
    | text | the place of the text among the explanations, from 0 |
    | token | its place in the text, from 0 |
    | form | what the model sees |
    | start, end | its characters in the text, `end` exclusive |
    | target | the class that `contribution` is about |
    | attention | its weight; missing without an attention network |
    | contribution | to the log-odds of the target |
    | one for each further map | by the name of its method |

    For every text `base[target]` and the contributions sum to `logits[target]`, up to rounding.

    Args:
        explanations: what `heedful.explain` gave, one or a list.
        frame: pandas or polars.

    Raises:
        HeedfulError: the library is not installed.
    """
    every = [explanations] if isinstance(explanations, Explanation) else list(explanations)
    methods = list(dict.fromkeys(name for one in every for name in one.maps))
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            *("text", "token", "form", "start", "end", "target", "attention", "contribution"),
            *methods,
        )
    }
    for place, one in enumerate(every):
        count = len(one.tokens)
        columns["text"] += [place] * count
        columns["token"] += range(count)
        columns["form"] += [token.text for token in one.tokens]
        columns["start"] += [token.start for token in one.tokens]
        columns["end"] += [token.end for token in one.tokens]
        columns["target"] += [one.target] * count
        columns["attention"] += one.attention if one.attends else [None] * count
        columns["contribution"] += one.contributions[one.target]
        for name in methods:
            columns[name] += one.map_of(name, one.target) or [None] * count
    return table_of(columns, frame)
