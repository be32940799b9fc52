"""What is lost when tokens are deleted one at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heedful.explain.deletions import deletions
from heedful.explain.outputs import Array, log_odds
from heedful.explain.perturb import Asking, Ids, kept
from heedful.nn.classify import Classifier
from heedful.records import Task


def leave_one_out(
    network: Classifier,
    ids: Ids,
    index: int,
    task: Task,
    places: NDArray[np.int64] | None = None,
) -> Asking[Array]:
    """(N,) log-odds of class `index` for the whole text less those without token i.

    Li, Monroe & Jurafsky 2016, without their division by the whole's.

    Args:
        network: the model.
        ids: the text.
        index, task: what the log-odds are of.
        places: which tokens to delete; NaN stands for the others. None = every one.
    """
    found = np.full(len(ids), np.nan)
    if not len(ids):
        return found
    chosen = np.arange(len(ids)) if places is None else places
    whole = log_odds((yield kept(ids, np.ones((1, len(ids)), bool))), index, task)
    without = yield from deletions(network, ids, np.zeros(len(ids), bool), chosen)
    found[chosen] = whole - log_odds(without, index, task)
    return found
