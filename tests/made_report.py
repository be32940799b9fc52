"""Reports made by hand, of a real model: word counts under logistic regression.

Such a model is a sum over words, so its contributions are exact. The data are the built-in
reviews, checked for real; the figures come from scikit-learn and our own metrics.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    roc_auc_score,
)
from sklearn.metrics import precision_recall_fscore_support as prfs

from heedful.config import Config
from heedful.face.report.page import Report, Selected
from heedful.learn.metrics import decide, measure
from heedful.records import BadRow, Example, Explanation, Prediction, Token
from heedful.text.corpus import Corpus, fingerprint
from heedful.text.generate.reviews import generate
from heedful.text.quality import check
from heedful.text.spread import spread
from made_explanations import ALL, TICKET

WORD = r"(?u)\w+|[^\w\s]"


def wilson(share: float, rows: int) -> list[float]:
    """The 95 % interval of a share (Wilson 1927)."""
    z = 1.959964
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows**2))
    return [middle - half, middle + half]


class WordModel:
    """Log-odds of each class as a sum over the words of a text."""

    def __init__(self, train: Sequence[Example], names: Sequence[str], task: str) -> None:
        self.names, self.task = list(names), task
        self.counts = CountVectorizer(token_pattern=WORD)
        seen = self.counts.fit_transform([e.text for e in train])
        truth = targets(train, names, task)
        columns = [truth] if task == "multi-class" else list(np.atleast_2d(truth.T))
        fits = [LogisticRegression(C=0.1, max_iter=200).fit(seen, column) for column in columns]
        self.weights = np.concatenate([fit.coef_ for fit in fits])  # (1 or C, words)
        self.base = np.concatenate([fit.intercept_ for fit in fits])

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """(N, C)"""
        found = self.counts.transform(texts) @ self.weights.T + self.base
        return np.concatenate([-found, found], axis=1) if self.task == "binary" else found

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        found = self.logits(texts)
        if self.task == "multi-class":
            powers = np.exp(found - found.max(axis=1, keepdims=True))
            return powers / powers.sum(axis=1, keepdims=True)
        return 1 / (1 + np.exp(-found))

    def explain(self, example: Example) -> Explanation:
        analyse, known = self.counts.build_preprocessor(), self.counts.vocabulary_
        spans = [m.span() for m in re.finditer(WORD, example.text)]
        tokens = [Token(analyse(example.text[a:b]), a, b) for a, b in spans]
        ids = [known.get(token.text) for token in tokens]
        signs = np.array([[0.0 if i is None else w[i] for i in ids] for w in self.weights])
        base = self.base
        if self.task == "binary":
            signs, base = np.concatenate([-signs, signs]), np.concatenate([-base, base])
        chances = self.probabilities([example.text])[0]
        labels = tuple(said(chances, self.names, self.task))
        pull = np.abs(signs).max(axis=0) + 0.01 if ids else np.zeros(0)
        per = dict(zip(self.names, signs.tolist(), strict=True))
        return Explanation(
            text=example.text,
            tokens=tuple(tokens),
            prediction=Prediction(
                labels,
                dict(zip(self.names, chances.tolist(), strict=True)),
                len(ids),
                ids.count(None),
            ),
            target=labels[0] if labels else self.names[int(chances.argmax())],
            attention=tuple((pull / pull.sum()).tolist()) if ids else (),
            contributions={name: tuple(values) for name, values in per.items()},
            base=dict(zip(self.names, base.tolist(), strict=True)),
            logits={n: float(b) + math.fsum(per[n]) for n, b in zip(self.names, base, strict=True)},
            error=dict.fromkeys(self.names, 0.0),
            gold=example.gold,
            label=example.labels,
        )


def said(chances: np.ndarray, names: Sequence[str], task: str) -> list[str]:
    if task == "multi-label":
        return [name for name, chance in zip(names, chances, strict=True) if chance > 0.5]
    return [names[int(chances.argmax())]]


def targets(examples: Sequence[Example], names: Sequence[str], task: str) -> np.ndarray:
    if task == "multi-label":
        return np.array([[int(name in e.labels) for name in names] for e in examples])
    return np.array([list(names).index(e.labels[0]) for e in examples])


def figures(p: np.ndarray, truth: np.ndarray, task: str) -> dict[str, Any]:
    """The figures of measure(), the rest of the record's, and intervals."""
    found = {k: None if v != v else v for k, v in measure(p, truth, task).items()}
    shares = {k: wilson(found[k], len(p)) for k in ("accuracy", "f1") if found[k] is not None}
    return found | {"intervals": shares}


def per_class(p: np.ndarray, truth: np.ndarray, names: Sequence[str], task: str) -> dict[str, Any]:
    hot = truth if task == "multi-label" else np.eye(len(names), dtype=int)[truth]
    guess = decide(p, task)
    guess = guess if task == "multi-label" else np.eye(len(names), dtype=int)[guess]
    columns = zip(*prfs(hot, guess, average=None, zero_division=0), strict=True)
    return {
        name: {
            "precision": float(a),
            "recall": float(b),
            "f1": float(c),
            "support": int(n),
            "predicted": int(guess[:, i].sum()),
            "auc": float(roc_auc_score(hot[:, i], p[:, i])) if 0 < n < len(p) else None,
            "average_precision": float(average_precision_score(hot[:, i], p[:, i])) if n else None,
            "brier": float(brier_score_loss(hot[:, i], p[:, i])) if 0 < n < len(p) else None,
        }
        for i, (name, (a, b, c, n)) in enumerate(zip(names, columns, strict=True))
    }


def averages(p: np.ndarray, truth: np.ndarray, task: str) -> dict[str, Any]:
    guess = decide(p, task)
    keys = ("precision", "recall", "f1")
    return {
        kind: dict(
            zip(
                keys, map(float, prfs(truth, guess, average=kind, zero_division=0)[:3]), strict=True
            )
        )
        for kind in ("macro", "micro", "weighted")
    }


def slices(examples: Sequence[Example], right: np.ndarray) -> list[dict[str, Any]]:
    words = np.array([len(e.text.split()) for e in examples])
    edges = [0, *np.quantile(words, [0.33, 0.67]).astype(int).tolist(), int(words.max())]
    rows = []
    for low, high in pairwise(edges):
        inside = (words > low) & (words <= high)
        if inside.any():
            share = float(right[inside].mean())
            rows.append(
                {
                    "name": f"{low + 1} to {high}",
                    "rows": int(inside.sum()),
                    "f1": None,
                    "accuracy": share,
                    "interval": wilson(share, int(inside.sum())),
                }
            )
    return rows


def record_of(model: WordModel, weak: WordModel, train: Corpus, test: Corpus) -> dict[str, Any]:
    """The record of one evaluation, as it stands in metrics.json."""
    examples, task, names = test.examples, model.task, model.names
    texts, truth = [e.text for e in examples], targets(examples, names, task)
    p = model.probabilities(texts)
    guess = decide(p, task)
    right = (guess == truth).all(axis=1) if task == "multi-label" else guess == truth
    quality = check({"training": train, "evaluated": test})
    lengths = asdict(spread([len(text.split()) for text in texts]))
    linear = figures(weak.probabilities(texts), truth, task)
    sentence = (
        f"A linear model on single words gets {100 * linear['accuracy']:.1f} % right, the network "
        f"{100 * right.mean():.1f} %."
    )
    return {
        "id": "0f3a5c7d9b11",
        "data": ["test.tsv"],
        "rows": len(texts),
        "bad_rows": len(test.bad_rows),
        "fingerprint": fingerprint(examples),
        "date": "2026-11-21",
        **figures(p, truth, task),
        "per_class": per_class(p, truth, names, task),
        "averages": averages(p, truth, task),
        "confusion": None
        if task == "multi-label"
        else confusion_matrix(truth, guess, labels=range(len(names))).tolist(),
        "slices": {"length": slices(examples, right), "unknown": []},
        "decision": {"temperature": 1.0, "thresholds": None, "aim": None},
        "baseline": linear | {"name": "words", "sentence": sentence},
        "uniform": figures(np.full_like(p, 0.5) * 0.1 + p * 0.9, truth, task),
        "checks": {
            "split": quality.to_json()["splits"]["evaluated"],
            "leaks": [leak for leak in quality.to_json()["leaks"] if leak["texts"]],
            "lengths": lengths | {"texts_cut": 0.0, "tokens_cut": 0.0},
            "unknown_tokens": 0.0371,
        },
        "label_errors": [],
        "label_errors_found": 0,
    }


def selected(model: WordModel, examples: Sequence[Example], each: int) -> tuple[Selected, ...]:
    """The most confident mistakes, the closest calls and some others; the rest at random."""
    chances = model.probabilities([e.text for e in examples])
    wrong = [
        i
        for i, e in enumerate(examples)
        if tuple(said(chances[i], model.names, model.task)) != e.labels
    ]
    gap = np.sort(chances, axis=1)
    margin = gap[:, -1] - gap[:, -2]
    mistakes = sorted(wrong, key=lambda i: -margin[i])[:each]
    close = [int(i) for i in np.argsort(margin, kind="stable")[:each]]
    chosen = {
        "mistake": mistakes,
        "close": close,
        "random": range(0, len(examples), max(1, len(examples) // each)),
    }
    chosen["label error"] = mistakes[: each // 3]
    why: dict[int, list[str]] = {}
    for reason, rows in chosen.items():
        for row in list(rows)[:each]:
            why.setdefault(row, []).append(reason)
    return tuple(
        Selected(tuple(reasons), examples[i].source, examples[i].row, model.explain(examples[i]))
        for i, reasons in why.items()
    )


PLOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" id="{name}" role="img" aria-labelledby="{name}-desc" '
    'viewBox="0 0 400 260" width="400" height="260" font-size="11">'
    '<desc id="{name}-desc">A rising line from 0 to 1, with an area of 0.93 &amp; more.</desc>'
    '<path d="M40 10V220H390" fill="none" stroke="var(--plot-soft,#5b5e69)"/>'
    '<path d="M40 220C60 60 120 30 390 20" fill="none" stroke="var(--plot-1,#0072b2)" '
    'stroke-width="2"/>'
    '<text x="180" y="250" fill="var(--plot-ink,#1c1d22)">false positives</text></svg>'
)
PLOTS = tuple(
    (name, title, PLOT.format(name=f"plot-{name}"))
    for name, title in (
        ("roc", "ROC curve"),
        ("pr", "Precision over recall"),
        ("curves", "Training"),
    )
)
PLOT_STYLE = (
    ":root{--plot-ink:#1c1d22;--plot-soft:#5b5e69;--plot-1:#0072b2}"
    "@media (prefers-color-scheme:dark){:root{--plot-ink:#f1f1f4;--plot-soft:#a6a9b5;"
    "--plot-1:#56b4e9}}"
)
GRAPH = (
    '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="embed, encode, attend" '
    'viewBox="0 0 400 60" width="400" height="60"><rect x="5" y="10" width="90" height="40" rx="6" '
    'fill="none" stroke="var(--plot-ink,#1c1d22)"/></svg>'
)


def report_of(
    train: Corpus, test: Corpus, names: Sequence[str], task: str, each: int = 7
) -> Report:
    """A report with every part of it."""
    model = WordModel(train.examples, names, task)
    weak = WordModel(train.examples[::3], names, task)
    record = record_of(model, weak, train, test)
    chosen = selected(model, test.examples, each)
    doubtful = [one for one in chosen if "label error" in one.why]
    record["label_errors"] = [
        {
            "source": one.source,
            "row": one.row,
            "given": list(one.explanation.label),
            "suggested": list(one.explanation.prediction.labels),
            "score": 0.93,
        }
        for one in doubtful
    ]
    record["label_errors_found"] = len(doubtful)
    lengths = asdict(spread([len(e.text.split()) for e in train.examples]))
    data = {
        "files": ["train.tsv"],
        "train_rows": len(train.examples),
        "valid_rows": 101,
        "fingerprint": fingerprint(train.examples),
    }
    config: Mapping[str, Any] = {
        "format": 1,
        "heedful": "0.1.0",
        "task": task,
        "id2label": {str(i): name for i, name in enumerate(names)},
        **Config().to_json(),
        "data": data,
        "stopped": "no gain for 2 epochs",
    }
    metrics = {
        "validation": {"accuracy": 0.81, "f1": 0.8, "loss": 0.43},
        "best_epoch": 5,
        "evaluations": [record],
    }
    checks = check({"training": train}).to_json() | {
        "lengths": lengths | {"texts_cut": 0.0, "tokens_cut": 0.0},
        "unknown_tokens": 0.0129,
    }
    return Report("my-run", config, metrics, record, checks, chosen, PLOTS, GRAPH)


def corpus(examples: Sequence[Example], source: str, bad: Sequence[BadRow] = ()) -> Corpus:
    named = [replace(e, source=source, row=i) for i, e in enumerate(examples, 1)]
    return Corpus(tuple(named), tuple(bad), (), any(len(e.labels) > 1 for e in named))


BAD = (BadRow("test.tsv", 89, "the text is missing"), BadRow("test.tsv", 97, "3 cells, not 2"))


@cache
def reviews() -> Report:
    """Two classes; no text in common."""
    found = generate(709, 3)
    return report_of(
        corpus(found[:401], "train.tsv"),
        corpus(found[401:], "test.tsv", BAD),
        ("negative", "positive"),
        "binary",
    )


@cache
def leaky() -> Report:
    """The same, but 53 texts of the test data stand in the training data."""
    found = generate(709, 3)
    return report_of(
        corpus(found[:401], "train.tsv"),
        corpus(found[401 - 53 :], "test.tsv"),
        ("negative", "positive"),
        "binary",
    )


@cache
def still() -> Report:
    """The same with texts whose numbers hang on no solver: equal to the last digit anywhere."""
    made = [
        Selected(("mistake", "random"), "a.csv", row, e) for row, e in enumerate((*ALL, TICKET), 1)
    ]
    return replace(leaky(), examples=made)


@cache
def topics(classes: int, task: str = "multi-class") -> Report:
    """Many classes, each with a word of its own that the texts sometimes lack."""
    rng = np.random.default_rng(5)
    names = [f"topic {i:02d}" for i in range(classes)]
    found = []
    for i, review in enumerate(generate(classes * 11, 3)):
        own = [i % classes] + (
            [int(rng.integers(classes))] if task == "multi-label" and i % 3 == 0 else []
        )
        words = " ".join(f"word{c}" for c in own if rng.random() < 0.8)
        labels = tuple(sorted({names[c] for c in own}))
        found.append(Example(f"{review.text} {words}", labels))
    cut = classes * 7
    return report_of(corpus(found[:cut], "train.tsv"), corpus(found[cut:], "test.tsv"), names, task)
