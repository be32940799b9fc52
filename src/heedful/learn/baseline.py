"""The linear model beside every network: TF-IDF of words and pairs, logistic regression.

It reads the words that heedful's tokenizer finds, without punctuation marks, and knows no
order beyond pairs. A network that does not beat it has learnt nothing more. No torch here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from heedful.records import HeedfulError, Task
from heedful.text.tfidf import Matrix, Tfidf, fit_tfidf

FORMAT = 1
STRENGTH = 10.0  # scikit-learn's C; by validation on IMDB, MR and TREC training data
MINIMUM = 2  # texts that a word or a pair must occur in
SMALL = 2_000  # with fewer texts than this, one is enough
TOLERANCE = 1e-4  # of the gradient, scikit-learn's own
MOST_STEPS, LEAST_STEPS = 300, 50  # of the solver
MOST_WORK = 10**10  # steps x matrix entries x classes: about a minute
MOST_WEIGHTS = 6_000_000  # features x classes: what the solver keeps stays below 1.5 GiB
TASKS: tuple[Task, ...] = get_args(Task)

Floats = NDArray[np.float32]

DESCRIPTION = "TF-IDF of words and word pairs + logistic regression"


@dataclass(frozen=True)
class Baseline:
    """A fitted model; C classes, F features, R = 1 for binary tasks and C for the others.

    Attributes:
        task: binary, multi-class or multi-label (one against the rest).
        tfidf: the features.
        weights: (R, F) float32; the logit of row r is `weights[r] @ x + intercept[r]`.
        intercept: (R,) float32.
    """

    task: Task
    tfidf: Tfidf
    weights: Floats
    intercept: Floats

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """(N, C), binary tasks two columns. They sum to 1 except for multi-label."""
        parts = [matrix @ self.weights.T for matrix in self.tfidf.matrices(texts)]
        logits = np.concatenate([np.zeros((0, len(self.intercept)), np.float32), *parts])
        return to_probabilities(logits + self.intercept, self.task)

    def to_bytes(self) -> bytes:
        """A safetensors file without pickle; the same model gives the same bytes."""
        from safetensors.numpy import save

        words = "\n".join(self.tfidf.words).encode("utf-8", "surrogatepass")
        count = max(len(self.tfidf.words), 1)
        pairs = np.stack(np.divmod(self.tfidf.pairs, count), axis=1).astype(np.int32)
        # Not as metadata: safetensors writes that in no fixed order.
        facts = np.array([FORMAT, TASKS.index(self.task)], np.int64)
        content: bytes = save(
            {
                "facts": facts,
                "words": np.frombuffer(words, np.uint8),
                "pairs": np.ascontiguousarray(pairs),
                "idf": self.tfidf.idf,
                "weights": np.ascontiguousarray(self.weights),
                "intercept": self.intercept,
            }
        )
        return content

    @classmethod
    def from_bytes(cls, content: bytes) -> Baseline:
        """The model that `to_bytes` wrote.

        Raises:
            HeedfulError: damaged, or of another format.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            return _checked(load(content))
        except (SafetensorError, ValueError, KeyError, IndexError, TypeError) as error:
            raise HeedfulError(
                f"the linear baseline cannot be read: {error}; restore baseline.safetensors from "
                "a copy, or train again"
            ) from None


def fit_baseline(texts: Sequence[str], targets: NDArray[Any], task: Task) -> Baseline:
    """Fit on training texts; the same data in the same order give the same bytes.

    A class without any row, or (multi-label) with nothing else, gets the probability of half
    a row more.

    Args:
        texts: N texts.
        targets: (N,) class positions, or (N, C) of 0 and 1 for multi-label. A single-label
            task has as many classes as its highest target says, a binary one always two.
        task: binary, multi-class or multi-label.

    Raises:
        HeedfulError: no text at all.
    """
    if len(texts) == 0:
        raise HeedfulError("no text to fit the linear baseline on")
    classes = number_of_classes(targets, task)
    tfidf, matrix = learn_features(texts, classes)
    weights, intercept = fit_weights(matrix, targets, task, classes)
    return Baseline(task, tfidf, weights, intercept)


def number_of_classes(targets: NDArray[Any], task: Task) -> int:
    """C: the columns for multi-label, two for binary, else one more than the highest target."""
    if task == "multi-label":
        return int(targets.shape[1])
    return 2 if task == "binary" else int(targets.max()) + 1


def learn_features(texts: Sequence[str], classes: int) -> tuple[Tfidf, Matrix]:
    """The features of training texts, and the (N, F) matrix of these texts."""
    minimum = 1 if len(texts) < SMALL else MINIMUM
    return fit_tfidf(texts, minimum, MOST_WEIGHTS // classes)


def fit_weights(
    matrix: Matrix, targets: NDArray[Any], task: Task, classes: int
) -> tuple[Floats, Floats]:
    """Weights (R, F) and intercept (R,) from features (N, F)."""
    with _quiet_on_one_thread():
        if task == "multi-label":
            rows = [_one_against_rest(matrix, targets[:, c] > 0) for c in range(classes)]
            weights, intercept = zip(*rows, strict=True)
            return np.concatenate(weights), np.concatenate(intercept)
        if task == "binary":
            return _one_against_rest(matrix, targets == 1)
        return _one_among_many(matrix, targets, classes)


@contextmanager
def _quiet_on_one_thread() -> Iterator[None]:
    """No warning that the solver stopped early; sums that no number of cores changes."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _solve(matrix: Matrix, targets: NDArray[Any]) -> tuple[Floats, Floats]:
    """Weights (R, F) and intercept (R,) of a logistic regression; R = 1 for two classes."""
    from sklearn.linear_model import LogisticRegression

    features = matrix.shape[1]
    if not features:  # scikit-learn wants one at least
        matrix = matrix.copy()
        matrix.resize((matrix.shape[0], 1))
    steps = _steps(matrix.nnz * len(np.unique(targets)))
    solver = LogisticRegression(C=STRENGTH, max_iter=steps, tol=TOLERANCE)
    solver.fit(matrix, targets)
    weights = np.ascontiguousarray(solver.coef_[:, :features], np.float32)
    return weights, solver.intercept_.astype(np.float32)


def _steps(work: int) -> int:
    """How many steps the solver may take, from the cost of one: less for very large data."""
    return min(MOST_STEPS, max(LEAST_STEPS, MOST_WORK // max(work, 1)))


def _one_against_rest(matrix: Matrix, truth: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(1, F) and (1,) for a yes or no."""
    if truth.any() and not truth.all():
        return _solve(matrix, truth)
    sign = 1 if truth.all() else -1
    intercept = np.array([sign * np.log(2 * len(truth) + 1)], np.float32)
    return np.zeros((1, matrix.shape[1]), np.float32), intercept


def _one_among_many(matrix: Matrix, targets: NDArray[Any], classes: int) -> tuple[Floats, Floats]:
    """(C, F) and (C,) for the softmax; classes without a row are left out of the fit."""
    present = np.unique(targets)
    weights = np.zeros((classes, matrix.shape[1]), np.float32)
    intercept = np.full(classes, -np.log(2 * len(targets) + 1), np.float32)
    intercept[present] = 0
    if len(present) > 1:
        found, constant = _solve(matrix, targets)
        if len(present) == 2:  # one logit, the difference of the two
            signs = np.array([[-0.5], [0.5]], np.float32)
            found, constant = signs * found, signs[:, 0] * constant
        weights[present], intercept[present] = found, constant
    return weights, intercept


def to_probabilities(logits: Floats, task: Task) -> Floats:
    """Logits (N, R) to (N, C), one column per class."""
    from scipy.special import expit, softmax

    values = logits.astype(np.float64)
    if task == "multi-class":
        return np.asarray(softmax(values, axis=1), np.float32)
    found: Floats = np.asarray(expit(values), np.float32)
    return np.concatenate((1 - found, found), axis=1) if task == "binary" else found


def _checked(tensors: dict[str, NDArray[Any]]) -> Baseline:
    """A baseline whose parts fit each other, or ValueError."""
    layout, task = tensors["facts"].tolist()
    if layout != FORMAT:
        raise ValueError(f"its format is {layout}; this heedful reads {FORMAT}")
    if not 0 <= task < len(TASKS):
        raise ValueError("its task is unknown")
    joined = tensors["words"].astype(np.uint8).tobytes().decode("utf-8", "surrogatepass")
    words = tuple(joined.split("\n")) if joined else ()
    pairs = tensors["pairs"].astype(np.int64).reshape(-1, 2)
    idf, weights, intercept = (tensors[name] for name in ("idf", "weights", "intercept"))
    codes = len(words) * pairs[:, 0] + pairs[:, 1]
    rows = len(intercept) if TASKS[task] != "binary" else 1
    if (
        idf.shape != (len(words) + len(pairs),)
        or weights.shape != (rows, len(idf))
        or intercept.shape != (rows,)
        or any(part.dtype != np.float32 for part in (idf, weights, intercept))
    ):
        raise ValueError("its parts do not fit each other")
    inside = ((pairs >= 0) & (pairs < len(words))).all() and (np.diff(codes) > 0).all()
    finite = all(np.isfinite(part).all() for part in (idf, weights, intercept))
    if not (inside and finite):
        raise ValueError("it holds impossible values")
    return Baseline(TASKS[task], Tfidf(words, codes, idf), weights, intercept)
