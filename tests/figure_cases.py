"""Probabilities and true labels for tests of figures: many ties, prime sizes."""

from __future__ import annotations

import numpy as np

TASKS = ("binary", "multi-class", "multi-label")


def two(p) -> np.ndarray:
    """Probabilities of the second class as two columns."""
    return np.stack([1 - np.array(p), np.array(p)], axis=1)


def made_case(task: str, seed: int, rows: int = 61, classes: int = 5):
    """Probabilities (N, C) and targets that go together; single-label rows sum to 1."""
    random = np.random.default_rng(seed)
    if task == "binary":
        targets = random.integers(0, 2, rows)
        # Two decimals: many ties, between the classes too.
        p = np.clip(np.round(random.normal(0.4 + 0.2 * targets, 0.2), 2), 0.01, 0.99)
        return two(p), targets
    if task == "multi-label":
        targets = (random.random((rows, classes)) < 0.3).astype(np.float32)
        noise = random.normal(0.35 + 0.3 * targets, 0.2)
        return np.clip(np.round(noise, 1), 0.05, 0.95), targets
    targets = random.integers(0, classes, rows)
    parts = random.integers(1, 5, (rows, classes)).astype(float)
    parts[np.arange(rows), targets] += random.integers(0, 4, rows)
    return parts / parts.sum(axis=1, keepdims=True), targets


def logits_of(task: str, seed: int, rows: int, classes: int = 5):
    """Logits and targets drawn from the very probabilities that the logits mean."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (rows, 1 if task == "binary" else classes))
    if task == "multi-class":
        # The largest logit plus Gumbel noise is a draw from the softmax.
        return logits, (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    yes = random.random(logits.shape) < 1 / (1 + np.exp(-logits))
    return logits, yes[:, 0].astype(int) if task == "binary" else yes.astype(np.float32)
