"""Which labels are probably wrong: confident learning.

Northcutt, Jiang & Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR
2021. The threshold of a class is the mean probability that its own rows give it. A row
labelled i is counted for class j when j is the most probable of the classes whose threshold
it reaches; the counts off the diagonal say how many labels are wrong. Which ones: those that
have the least probability, the lowest self-confidence. On questions with planted errors that
finds more of them than the rows of the off-diagonal cells, where a rare class with its low
threshold draws many rows in (bench/label_errors.py).

The probabilities must come from a model that has not seen the row: `out_of_fold` gives them for
training data, with the linear baseline, within seconds. No torch here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.baseline import (
    Floats,
    fit_weights,
    learn_features,
    number_of_classes,
    to_probabilities,
)
from heedful.records import HeedfulError, Task
from heedful.text.normalise import key

Ints = NDArray[np.int64]
LARGE = 15_000  # texts; below, ten folds three times take seconds
_NONE = -1  # no class whose threshold is reached


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row whose label is probably wrong.

    Attributes:
        index: its position in the data.
        given: the positions of its labels.
        suggested: those it should probably have. For multi-label `given` with the suspected
            labels taken away or added.
        score: the out-of-sample probability that the given label is right (for multi-label that
            of the worst suspected one), 0 to 1. Lower is more suspicious.
    """

    index: int
    given: tuple[int, ...]
    suggested: tuple[int, ...]
    score: float

    def to_json(self, names: Sequence[str]) -> dict[str, Any]:
        """Labels by name, and the score."""
        return {
            "given": [names[c] for c in self.given],
            "suggested": [names[c] for c in self.suggested],
            "score": self.score,
        }


def label_errors(probabilities: NDArray[Any], targets: NDArray[Any], task: Task) -> list[Suspect]:
    """The suspected rows, the most suspicious first; equal scores in the order of the data.

    Multi-label tasks are taken one class at a time, each as yes or no; a label that the model finds
    in less than half of its rows is not doubted where it is given.

    Args:
        probabilities: (N, C) out-of-sample, binary tasks two columns.
        targets: (N,) class positions, or (N, C) of 0 and 1 for multi-label.
        task: binary, multi-class or multi-label.
    """
    find = _of_sets if task == "multi-label" else _of_classes
    return sorted(find(probabilities, targets), key=lambda suspect: suspect.score)


def confident_joint(probabilities: NDArray[Any], targets: NDArray[Any]) -> Ints:
    """(C, C) counts: row the given class, column the class that the rows are confidently of.

    Rows that reach no threshold are in no cell.
    """
    likely = _likely(probabilities, targets)
    counts = np.zeros((probabilities.shape[1],) * 2, np.int64)
    known = likely != _NONE
    np.add.at(counts, (targets[known], likely[known]), 1)
    return counts


def _likely(probabilities: NDArray[Any], targets: NDArray[Any]) -> Ints:
    """(N,) the most probable class among those whose threshold is reached, or _NONE."""
    own = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    classes = probabilities.shape[1]
    rows = np.bincount(targets, minlength=classes)
    sums = np.bincount(targets, own, minlength=classes)
    # No row tells what is usual for a class that nobody has given: it is never suggested.
    thresholds = np.where(rows > 0, sums / np.maximum(rows, 1), np.inf)
    reached = np.where(probabilities >= thresholds, probabilities, -np.inf)
    return np.where(np.isfinite(reached).any(axis=1), reached.argmax(axis=1), _NONE)


def _suspected(probabilities: NDArray[Any], targets: NDArray[Any]) -> tuple[Ints, Ints]:
    """Rows, least probable label first, and the most probable other class of every row (N,)."""
    joint = confident_joint(probabilities, targets)
    wrong = int(joint.sum() - np.trace(joint))
    own = probabilities[np.arange(len(targets)), targets]
    others = probabilities.astype(np.float64)
    others[np.arange(len(targets)), targets] = -np.inf
    others[:, np.bincount(targets, minlength=others.shape[1]) == 0] = -np.inf
    candidates = np.flatnonzero(others.max(axis=1) > own)
    order = np.argsort(own[candidates], kind="stable")[:wrong]
    return candidates[order], others.argmax(axis=1)


def _of_classes(probabilities: NDArray[Any], targets: NDArray[Any]) -> list[Suspect]:
    rows, likely = _suspected(probabilities, targets)
    return [
        Suspect(int(i), (int(targets[i]),), (int(likely[i]),), float(probabilities[i, targets[i]]))
        for i in rows
    ]


def _of_sets(probabilities: NDArray[Any], targets: NDArray[Any]) -> list[Suspect]:
    given = targets.astype(np.int64)
    suspected = np.zeros(given.shape, bool)
    for c in range(given.shape[1]):
        both = np.stack((1 - probabilities[:, c], probabilities[:, c]), axis=1)
        rows = _suspected(both, given[:, c])[0]
        if not _finds(probabilities[:, c], given[:, c]):
            rows = rows[given[rows, c] == 0]
        suspected[rows, c] = True
    right = np.where(given == 1, probabilities, 1 - probabilities)
    scores = np.where(suspected, right, np.inf).min(axis=1, initial=np.inf)
    return [
        Suspect(int(i), _positions(given[i]), _positions(given[i] ^ suspected[i]), float(scores[i]))
        for i in np.flatnonzero(suspected.any(axis=1))
    ]


def _finds(probabilities: NDArray[Any], given: Ints) -> bool:
    """Whether a label is found in at least half of the rows (N,) that it is given to.

    That a model misses a label it mostly misses says nothing about the label.
    """
    yes = given == 1
    return bool(np.mean(probabilities[yes] > 0.5) >= 0.5) if yes.any() else False


def _positions(row: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(c) for c in np.flatnonzero(row))


def out_of_fold(
    texts: Sequence[str],
    targets: NDArray[Any],
    task: Task,
    folds: int | None = None,
    repeats: int | None = None,
    seed: int = 0,
) -> Floats:
    """What the linear baseline says of each text when it is fitted without that text.

    The features (which words there are, and how rare) come from all texts, the weights only
    from the other folds: no label is seen by what judges it. Fewer distinct texts than
    `folds` make fewer folds.

    Args:
        texts: N training texts.
        targets: (N,) class positions, or (N, C) of 0 and 1 for multi-label.
        task: binary, multi-class or multi-label.
        folds: parts that are left out in turn; None takes 10, of large data 5.
        repeats: rounds with other folds, of which the mean is taken; None takes 3, of large
            data 1. Large are more than 15,000 texts, for multi-label texts x classes.
        seed: of the first round, the next ones count on.

    Returns:
        (N, C) float32, binary tasks two columns.

    Raises:
        HeedfulError: fewer than two distinct texts, or fewer than two folds.
    """
    classes = number_of_classes(targets, task) if len(texts) else 2
    large = len(texts) * (classes if task == "multi-label" else 1) > LARGE
    folds = (5 if large else 10) if folds is None else folds
    repeats = (1 if large else 3) if repeats is None else repeats
    rounds = [assign_folds(texts, targets, folds, seed + i) for i in range(repeats)]
    matrix = learn_features(texts, classes)[1]
    found = np.zeros((len(texts), classes))
    for fold in rounds:
        for held in range(int(fold.max()) + 1):
            inside = fold == held
            weights, intercept = fit_weights(matrix[~inside], targets[~inside], task, classes)
            found[inside] += to_probabilities(matrix[inside] @ weights.T + intercept, task)
    return (found / repeats).astype(np.float32)


def assign_folds(texts: Sequence[str], targets: NDArray[Any], folds: int, seed: int) -> Ints:
    """(N,) a fold for each text: stratified by label (or set of labels), same texts together.

    Texts are the same as in `holdout.split`: equal after `normalise`. They are dealt out one
    after the other, label by label, so that folds differ by one such group at most.

    Raises:
        HeedfulError: fewer than two distinct texts, or fewer than two folds.
    """
    if folds < 2:
        raise HeedfulError(f"{folds} folds leave nothing to fit on; take 2 or more")
    groups: dict[bytes, list[int]] = {}
    for i, text in enumerate(texts):
        groups.setdefault(key(text), []).append(i)
    if len(groups) < 2:
        raise HeedfulError(
            f"{len(texts)} rows with {len(groups)} distinct texts cannot be checked against each "
            "other; give more data"
        )
    labels = [tuple(np.atleast_1d(targets[rows[0]]).tolist()) for rows in groups.values()]
    lot = np.random.default_rng(seed).permutation(len(groups))
    dealt = sorted(lot.tolist(), key=lambda g: labels[g])
    members = list(groups.values())
    fold = np.zeros(len(texts), np.int64)
    for turn, g in enumerate(dealt):
        fold[members[g]] = turn % folds
    return fold
