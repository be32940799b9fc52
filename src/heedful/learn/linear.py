"""Linear classification of sparse rows with an L2 penalty, by L-BFGS. No torch here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Loss = Literal["squared-hinge", "logistic"]

_STEPS = 200
_TOLERANCE = 1e-6  # of the objective, relative
_REMEMBERED = 6  # steps that the curvature is estimated from
_SMALL = 1e-3
_LARGE = 1_000_000  # entries: below, threads cost more than they save
_BLOCKS = 4  # of rows; a fixed number, so that sums do not depend on the number of cores


def fit_linear(
    matrix: Any,
    scale: tuple[Floats, Floats],
    positive: NDArray[np.bool_],
    cost: float,
    loss: Loss,
    start: tuple[Floats, float] | None = None,
) -> tuple[Floats, float]:
    """Weights w and base b that minimise |w|^2 / 2 + cost * sum of loss(y_i (b + w . x_i)).

    The rows are x_i = row_i * matrix_i * column, so that nothing is copied. The losses are
    max(0, 1 - m)^2 (an L2 support vector machine) and ln(1 + e^-m) (logistic regression).

    Args:
        matrix: (N, F) sparse.
        scale: (N,) of the rows and (F,) of the columns.
        positive: (N,) the side that each row belongs to.
        cost: C.
        loss: of a margin m.
        start: weights and base of a like problem, to begin from; the end is the same up to the
            tolerance.

    Returns:
        (F,) w * column, so that the decision is b + row * (matrix @ weights), and b.
    """
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    row, column = scale
    sign = np.where(positive, 1.0, -1.0).astype(np.float32)
    rows = _Rows(matrix)

    def objective(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = point[:-1].astype(np.float32)
        margin = sign * (row * rows.times(column * weights) + np.float32(point[-1]))
        value, slope = _losses(margin, loss)
        pull = cost * sign * slope
        gradient = column * rows.turned_times(row * pull) + weights
        # In double precision: a sum over many rows, whose changes the search compares.
        penalty = 0.5 * float(np.dot(point[:-1], point[:-1]))
        total = cost * float(value.sum(dtype=np.float64)) + penalty
        return total, np.append(gradient, pull.sum(dtype=np.float64))

    first = np.zeros(matrix.shape[1] + 1)
    if start is not None:
        np.divide(start[0], column, out=first[:-1], where=np.abs(column) > _SMALL)
        first[-1] = start[1]
    options = {"maxiter": _STEPS, "ftol": _TOLERANCE, "maxcor": _REMEMBERED}
    with rows.pool, threadpool_limits(1):  # long vectors and short work: more threads only wait
        point = minimize(objective, first, jac=True, method="L-BFGS-B", options=options).x
    return column * point[:-1].astype(np.float32), float(point[-1])


class _Rows:
    """A sparse matrix (N, F) in blocks of rows, multiplied side by side (SciPy holds no lock)."""

    def __init__(self, matrix: Any) -> None:
        blocks = _BLOCKS if matrix.nnz >= _LARGE else 1
        self.cuts = np.linspace(0, matrix.shape[0], blocks + 1).astype(int)
        bounds = zip(self.cuts[:-1], self.cuts[1:], strict=True)
        self.blocks = [matrix[low:high] for low, high in bounds]
        self.pool = ThreadPoolExecutor(blocks)
        self.map = self.pool.map if blocks > 1 else map

    def times(self, vector: Floats) -> Floats:
        """(N,) the matrix times a vector (F,)."""
        return np.concatenate(list(self.map(lambda block: block @ vector, self.blocks)))

    def turned_times(self, vector: Floats) -> Floats:
        """(F,) the transposed matrix times a vector (N,)."""
        parts = np.split(vector, self.cuts[1:-1])
        found = self.map(lambda block, part: block.T @ part, self.blocks, parts)
        return np.asarray(np.sum(list(found), axis=0), np.float32)


def _losses(margin: Floats, loss: Loss) -> tuple[Floats, Floats]:
    """(N,) the losses and their slopes."""
    if loss == "logistic":
        from scipy.special import expit

        return np.logaddexp(np.float32(0), -margin), -expit(-margin)
    short = np.maximum(np.float32(0), 1 - margin)
    return short * short, -2 * short
