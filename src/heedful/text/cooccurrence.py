"""Word vectors from which words stand near which: positive mutual information, and its SVD.

Levy, Goldberg & Dagan 2015, "Improving Distributional Similarity with Lessons Learned from Word
Embeddings": the matrix that skip-gram factorises implicitly, with its context distribution
smoothed (section 3.1) and the singular values under a root (section 3.3). One pass of counting and
one factorisation instead of several passes of learning. No torch here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from heedful.text.helper import Piece

MOST = 50_000
"""Words in the matrix: the others are too rare to know company of."""
SMOOTHING = 0.75
DEVIATION = 0.1
"""Of the components, as that of vectors drawn at random."""
_AT_ONCE = 1 << 22  # tokens
_POWERS = 3  # of the matrix, so that few random directions find the largest singular values


def svd_vectors(
    pool: Piece, words: Sequence[str], width: int, context: int, seed: int
) -> np.ndarray:
    """(H, E) float32, a vector for each of the first H = min(len(words), `MOST`) words.

    Args:
        pool: the texts.
        words: those that get a vector, the most frequent first.
        width: of a vector; zeros fill it up where there are fewer words.
        context: neighbours on each side; the next counts 1, the farthest 1 / `context`.
        seed: of the random directions.
    """
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    kept = words[:MOST]
    place = {word: i for i, word in enumerate(kept)}
    numbers = np.array([place.get(word, -1) for word in pool.words], np.int64)
    matrix = mutual_information(_together(pool, numbers, len(kept), context))
    rank = min(width, max(len(kept) - 1, 0))
    result = np.zeros((len(kept), width), np.float32)
    if not rank or not matrix.nnz:
        return result
    with threadpool_limits(1):  # the same bytes whatever the number of cores
        left, values, _ = randomized_svd(matrix, rank, n_iter=_POWERS, random_state=seed % 2**32)
    found = left * np.sqrt(values)
    result[:, :rank] = found * (DEVIATION / max(float(found.std()), 1e-12))
    return result


def mutual_information(together: Any) -> Any:
    """max(0, ln(p(w, c) / (p(w) p'(c)))), p' ~ count ^ `SMOOTHING`, of counts (V, V), sparse."""
    from scipy.sparse import csr_array

    pairs = together.tocoo()
    rows = np.asarray(together.sum(axis=1)).ravel()
    context = rows**SMOOTHING
    context = context / max(float(context.sum()), 1e-12)
    values = np.log(pairs.data / (rows[pairs.row] * context[pairs.col]))
    kept = values > 0
    return csr_array(
        (values[kept].astype(np.float32), (pairs.row[kept], pairs.col[kept])), shape=together.shape
    )


def _together(pool: Piece, numbers: np.ndarray, size: int, context: int) -> Any:
    """(V, V) how often words stand near each other in a text, sparse and symmetric."""
    from scipy.sparse import csr_array

    total = csr_array((size, size), dtype=np.float32)
    texts = np.repeat(np.arange(len(pool.lengths)), pool.lengths)
    for start in range(0, len(pool.flat), _AT_ONCE):
        # A little of the part before, so that no neighbours are lost between the parts.
        part = slice(max(0, start - context), start + _AT_ONCE)
        ids, text, fresh = numbers[pool.flat[part]], texts[part], start - max(0, start - context)
        for gap in range(1, context + 1):
            first, second = ids[:-gap], ids[gap:]
            real = (first >= 0) & (second >= 0) & (text[:-gap] == text[gap:])
            real[: max(0, fresh - gap)] = False  # counted with the part before
            codes = np.sort(first[real] * size + second[real])
            new = np.flatnonzero(np.diff(codes, prepend=-1))
            times = np.diff(new, append=len(codes)).astype(np.float32)
            near = np.divmod(codes[new], size)
            weight = np.float32(1 - (gap - 1) / context)
            total = total + csr_array((times * weight, near), shape=(size, size))
    return total + total.T
