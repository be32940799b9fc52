"""Linear models of scikit-learn: `sklearn:uni`, `sklearn:bi`, `nbsvm`.

TF-IDF (sublinear, words of two documents or more) with logistic regression, C = 10; and NB-SVM
(Wang & Manning 2012) over uni- to tri-grams of words and punctuation: binary counts of at least
three documents times their log-count ratio (one smoothing count), into a linear SVM with C = .01,
one against the rest. Where a text has many labels, each has a model of its own. With
`sklearn:bi,thresholds=share` (or `uni`) such a label is not given at one half but, as in heedful's
presets, to as large a share of held-out texts as have it in training.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC

MARKS_TOO = r"\w+|[^\w\s]"


class _Linear:
    """What both kinds share: label lists in and out, and the files."""

    libraries = ("scikit-learn", "numpy", "scipy")
    seeded = False

    def __init__(self) -> None:
        self.binarizer: MultiLabelBinarizer | None = None
        self.vectorizer: Any = None
        self.model: Any = None

    def targets(self, labels: list[list[str]], many: bool) -> Any:
        self.binarizer = MultiLabelBinarizer() if many else None
        if self.binarizer is not None:
            return self.binarizer.fit_transform(labels)
        return np.array([names[0] for names in labels])

    def named(self, predicted: Any) -> list[list[str]]:
        if self.binarizer is not None:
            return [list(names) for names in self.binarizer.inverse_transform(predicted)]
        return [[str(name)] for name in predicted]

    def save(self, folder: Path) -> None:
        with (folder / "model.pickle").open("wb") as file:
            pickle.dump((self.vectorizer, self.model, self.binarizer), file, protocol=5)

    def load(self, folder: Path) -> None:
        with (folder / "model.pickle").open("rb") as file:
            self.vectorizer, self.model, self.binarizer = pickle.load(file)


class TfIdf(_Linear):
    """TF-IDF and logistic regression."""

    def __init__(self, longest: int, by_share: bool = False) -> None:
        super().__init__()
        self.longest, self.by_share = longest, by_share
        self.limits: np.ndarray | None = None

    def fit(self, texts: list[str], labels: list[list[str]], many: bool) -> dict[str, Any]:
        targets = self.targets(labels, many)
        if many and self.by_share:
            held = np.random.default_rng(0).permutation(len(texts)) % 10 == 0
            self.learn([x for x, out in zip(texts, held, strict=True) if not out], targets[~held])
            scores = self.scores([x for x, out in zip(texts, held, strict=True) if out])
            self.limits = _limits(scores, targets[~held].mean(axis=0))
        self.learn(texts, targets)
        return {}

    def learn(self, texts: list[str], targets: Any) -> None:
        self.vectorizer = TfidfVectorizer(
            ngram_range=(1, self.longest), min_df=2, sublinear_tf=True
        )
        plain = LogisticRegression(C=10, max_iter=1000)
        self.model = OneVsRestClassifier(plain) if targets.ndim == 2 else plain
        self.model.fit(self.vectorizer.fit_transform(texts), targets)

    def scores(self, texts: list[str]) -> np.ndarray:
        return np.asarray(self.model.decision_function(self.vectorizer.transform(texts)))

    def predict(self, texts: list[str]) -> list[list[str]]:
        if self.limits is not None:
            return self.named((self.scores(texts) > self.limits).astype(int))
        return self.named(self.model.predict(self.vectorizer.transform(texts)))

    def save(self, folder: Path) -> None:
        super().save(folder)
        with (folder / "limits.pickle").open("wb") as file:
            pickle.dump(self.limits, file, protocol=5)

    def load(self, folder: Path) -> None:
        super().load(folder)
        with (folder / "limits.pickle").open("rb") as file:
            self.limits = pickle.load(file)


def _limits(scores: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Of each label, the score that as large a share of the texts reaches, one text at least."""
    ordered = -np.sort(-scores, axis=0)
    places = np.rint(shares * len(scores)).astype(int).clip(1, len(scores) - 1)
    columns = np.arange(scores.shape[1])
    return (ordered[places - 1, columns] + ordered[places, columns]) / 2


class NbSvm(_Linear):
    """NB-SVM: `model` is one weight a feature and class, with the ratio multiplied in."""

    def fit(self, texts: list[str], labels: list[list[str]], many: bool) -> dict[str, Any]:
        targets = self.targets(labels, many)
        self.vectorizer = CountVectorizer(
            ngram_range=(1, 3), min_df=3, binary=True, token_pattern=MARKS_TOO, dtype=np.float32
        )
        counts = self.vectorizer.fit_transform(texts)
        classes = np.arange(targets.shape[1]) if many else np.unique(targets)
        asked = classes[1:] if not many and len(classes) == 2 else classes
        columns = [targets[:, c] == 1 if many else targets == c for c in asked]
        parts = [_against_rest(counts, column) for column in columns]
        weights = np.stack([weight for weight, _ in parts], axis=1)
        self.model = (weights, np.array([bias for _, bias in parts]), classes)
        return {}

    def predict(self, texts: list[str]) -> list[list[str]]:
        weights, biases, classes = self.model
        scores = self.vectorizer.transform(texts) @ weights + biases  # (N, classes asked)
        if self.binarizer is not None:
            return self.named((scores > 0).astype(int))
        if len(classes) == 2:
            return self.named(classes[(scores[:, 0] > 0).astype(int)])
        return self.named(classes[scores.argmax(axis=1)])


def _against_rest(counts: sparse.csr_matrix, is_class: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and bias of one class against the rest."""
    here = np.asarray(counts[is_class].sum(axis=0)).ravel() + 1.0
    there = np.asarray(counts[~is_class].sum(axis=0)).ravel() + 1.0
    ratio = np.log((here / here.sum()) / (there / there.sum())).astype(np.float32)
    svm = LinearSVC(C=0.01, random_state=0)
    svm.fit(counts @ sparse.diags(ratio, dtype=np.float32), is_class)
    return (svm.coef_[0] * ratio).astype(np.float32), float(svm.intercept_[0])


def create(kind: str, detail: str, settings: dict[str, str], seed: int) -> _Linear:
    """`sklearn:uni`, `sklearn:bi` or `nbsvm`; nothing here depends on a seed."""
    del seed
    by_share = settings.get("thresholds") == "share"
    return NbSvm() if kind == "nbsvm" else TfIdf({"uni": 1, "bi": 2}[detail], by_share)
