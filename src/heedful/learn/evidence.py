"""Fits n-gram evidence: log-count ratios, then a linear model of the n-grams weighed by them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.config import EvidenceConfig
from heedful.learn.data import Data
from heedful.learn.frames import frame_table
from heedful.learn.linear import Floats, fit_linear
from heedful.learn.model import SCORING_TEXTS, SCORING_TOKENS
from heedful.learn.presence import Presence, kinds_of, presence
from heedful.nn.evidence import Evidence, Features
from heedful.nn.grams import NONE
from heedful.nn.lookup import ABSENT
from heedful.records import Task
from heedful.text.batch import batches, scoring_order
from heedful.text.vocab import Encoded, joined

Ints = NDArray[np.int64]

COST = 0.05


def learn_evidence(
    train: Data,
    valid: Data | None,
    words: Ints,
    task: Task,
    classes: int,
    config: EvidenceConfig,
    usual: Ints | None = None,
) -> tuple[Evidence, Evidence | None]:
    """Evidence from the training texts, and from the validation texts too.

    Which groups of words there are is seen in both (no label is looked at for that). The second is
    None without validation texts, or where `config.refit` is off.

    Args:
        train, valid: the texts and their labels.
        words: (V, M) keys of the parts of each word, see `subwords`; M = 0 for none. Ids beyond V
            are unknown words to the evidence.
        task: binary, multi-class or multi-label.
        classes: C.
        config: how.
        usual: the shape of each word of the vocabulary, see `usual_shapes`; None = no frames.
    """
    both = train.encoded if valid is None else joined(train.encoded, valid.encoded)
    framed, table = None, None
    if usual is not None:
        table = frame_table(both.ids, usual, config.frame_rare)
        framed = replace(both, ids=table[both.ids])
    both = both.below(len(words))
    found = presence(both, words, config, framed)
    parts = _places(words, found)

    def layer(weight: Floats, base: Floats) -> Evidence:
        keys, weights, bases, rows = map(torch.from_numpy, (found.keys, weight, base, parts))
        shapes = None if table is None else torch.from_numpy(table)
        features = Features(keys, weights, bases, rows, found.bits, shapes)
        return Evidence(features, kinds_of(config), config.length)

    own = fit_weights(found.first(len(train.targets)), train, task, classes, config)
    if valid is None or not config.refit:
        return layer(*own), None
    data = Data(both, np.concatenate([train.targets, valid.targets]))
    return layer(*own), layer(*fit_weights(found, data, task, classes, config, own))


def _places(words: Ints, found: Presence) -> NDArray[np.int32]:
    """(V, M) the rows in `found.keys` of these keys, ABSENT for those that are not there."""
    if not len(found.keys):
        return np.full(words.shape, ABSENT, np.int32)
    folded = words >> (64 - found.bits)
    at = np.searchsorted(found.keys, folded).clip(max=len(found.keys) - 1)
    held = (found.keys[at] == folded) & (words != NONE)
    return np.where(held, at, ABSENT).astype(np.int32)


def fit_weights(
    found: Presence,
    data: Data,
    task: Task,
    classes: int,
    config: EvidenceConfig,
    start: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats]:
    """NB-SVM (Wang & Manning 2012), one class against the rest where there are more than two.

    Args:
        found: groups of words of N training texts.
        data: these texts and their labels.
        task: binary, multi-class or multi-label.
        classes: C.
        config: how.
        start: what this gave for a part of the texts: it is quicker from there.

    Returns:
        (F, L) weights and (L,) bases, L = 1 for binary tasks, else C.
    """
    sides = sides_of(data.targets, task, classes)  # (N, L)
    row = np.maximum(data.encoded.lengths, 1).astype(np.float32) ** np.float32(-config.length)
    fitted = []
    for c in range(sides.shape[1]):
        from_ = None if start is None else (start[0][:, c], float(start[1][c]))
        fitted.append(_one_side(found.matrix, row, sides[:, c], config, from_))
    weights, bases = zip(*fitted, strict=True)
    return np.stack(weights, axis=1), np.array(bases, np.float32)


def sides_of(targets: NDArray[Any], task: Task, classes: int) -> NDArray[np.bool_]:
    """(N, L) which texts speak for each logit: L = 1 for binary tasks, else C."""
    if task == "multi-label":
        return np.asarray(targets > 0)
    if task == "binary":
        return np.asarray(targets == 1)[:, None]
    return np.asarray(targets[:, None] == np.arange(classes))


def _one_side(
    matrix: Any,
    row: Floats,
    positive: NDArray[np.bool_],
    config: EvidenceConfig,
    start: tuple[Floats, float] | None,
) -> tuple[Floats, float]:
    """(F,) weights and the base of one logit; only the base where all texts are on one side."""
    if positive.all() or not positive.any():
        sign = 1 if positive.all() else -1
        return np.zeros(matrix.shape[1], np.float32), sign * float(np.log(2 * len(positive) + 1))
    ratio = log_count_ratio(matrix, positive, config.smoothing)
    cost, loss = config.cost or COST, config.loss or "squared-hinge"
    return fit_linear(matrix, (row, ratio), positive, cost, loss, start)


def log_count_ratio(matrix: Any, positive: NDArray[np.bool_], smoothing: float) -> Floats:
    """(F,) how much likelier a text with the group is to be positive than any text is, as a log.

    ln((p + a s) / (q + a (1 - s))) - ln(s / (1 - s)): p and q are the texts with the group on each
    side, s the share of all groups' texts that are positive, a the smoothing. Wang & Manning 2012,
    section 2.1, take ln((1 + p) / |1 + p|) - ln((1 + q) / |1 + q|); where the sides are of like
    size that is the same. Where they are not, as with one class against the rest, theirs calls a
    group that no text has evidence for the smaller side; here it is evidence for none.
    """
    p = (matrix.T @ positive.astype(np.float32)).astype(np.float64)
    q = (matrix.T @ (~positive).astype(np.float32)).astype(np.float64)
    share = (p.sum() + 1) / (p.sum() + q.sum() + 2)
    ratio = np.log((p + smoothing * share) / (q + smoothing * (1 - share)))
    return np.asarray(ratio - np.log(share / (1 - share)), np.float32)


def evidence_logits(evidence: Evidence, encoded: Encoded) -> Floats:
    """(N, L) what the evidence alone says of texts."""
    result = np.zeros((len(encoded), evidence.classes), np.float32)
    with torch.inference_mode():
        for batch in batches(
            encoded, scoring_order(encoded.lengths, SCORING_TEXTS, SCORING_TOKENS)
        ):
            ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
            result[batch.order] = evidence.logits(ids, mask).cpu().numpy()
    return result
