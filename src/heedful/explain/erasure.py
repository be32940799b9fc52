"""What is lost when tokens are deleted one at a time."""

from __future__ import annotations

import numpy as np

from heedful.explain.outputs import Array, log_odds
from heedful.explain.perturb import Asking, Ids, deleted, kept, leave_one_out_rows
from heedful.records import Task

AT_ONCE = 1 << 20
"""Tokens of one text's variants asked for together: a text of 5,000 tokens has 25 million."""


def leave_one_out(ids: Ids, index: int, task: Task) -> Asking[Array]:
    """(N,) log-odds of class `index` for the whole text less those without token i.

    Li, Monroe & Jurafsky 2016, equation 2, without their division by the whole's.
    """
    count = len(ids)
    if not count:
        return np.zeros(0)
    rows = leave_one_out_rows(count)
    whole = log_odds((yield kept(ids, np.ones((1, count), bool))), index, task)
    step = max(1, AT_ONCE // count)
    without = []
    for low in range(0, count, step):
        without.append(log_odds((yield deleted(ids, rows[low : low + step])), index, task))
    return np.asarray(whole - np.concatenate(without))
