"""How many wrong labels are found: labels are flipped on purpose, then looked for.

    python bench/label_errors.py --data DATA --seeds 0 3 trec
    python bench/label_errors.py --data DATA --seeds 3 8 trec mr imdb reviews --best

5 % of the training labels are replaced by another class, drawn evenly. Every variant gives
out-of-fold probabilities; then come the precision and recall of the off-diagonal cells of the
confident joint, those of heedful's own suspects (as many, but the least probable labels), and
the precision among as many rows as were flipped, ranked by the probability of the given label
and by its margin over the best other one. Labels that were wrong in the data before count as
false alarms. Seeds below 3 served to choose. The table goes to stdout, the numbers to
bench/results/label-errors-DATA-SEEDS.json. No test set is read.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from heedful.learn.label_errors import assign_folds, label_errors, out_of_fold
from heedful.text.corpus import read

RESULTS = Path(__file__).parent / "results"
SHARE = 0.05
MOST = 5_000  # reviews of IMDB
FILES = {"trec": "trec/train.tsv", "mr": "mr/all.tsv", "imdb": "imdb/train.tsv"}
CHOSEN = "words, 10 folds x 3"
COLUMNS = (
    "cell_precision", "cell_recall", "precision", "recall", "found", "by_confidence", "by_margin",
    "seconds",
)  # fmt: skip

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]


class Trial:
    """One data set with flipped labels, and what each way of scoring says of it."""

    def __init__(self, texts: tuple[str, ...], truth: Ints, seed: int) -> None:
        draw = np.random.default_rng(seed)
        self.texts, self.classes = texts, int(truth.max()) + 1
        self.task = "binary" if self.classes == 2 else "multi-class"
        self.wrong = draw.choice(len(truth), round(SHARE * len(truth)), replace=False)
        self.given = truth.copy()
        self.given[self.wrong] += draw.integers(1, self.classes, len(self.wrong))
        self.given %= self.classes

    def words(self, folds: int, repeats: int = 1) -> Floats:
        """heedful's own, repeated with other folds."""
        return out_of_fold(self.texts, self.given, self.task, folds, repeats)

    def other(self, matrix: Any, make: Callable[[], ClassifierMixin], folds: int = 5) -> Floats:
        """Another model on other features."""
        return self.fitted(matrix, make, folds, np.zeros(len(self.given), bool))

    def fitted(
        self, matrix: Any, make: Callable[[], ClassifierMixin], folds: int, dropped: NDArray[Any]
    ) -> Floats:
        """The same, fitted without the rows that are dropped."""
        fold = assign_folds(self.texts, self.given, folds, 0)
        found = np.zeros((len(fold), self.classes))
        for held in range(folds):
            rows, inside = (fold != held) & ~dropped, fold == held
            model = make().fit(matrix[rows], self.given[rows])
            found[np.ix_(inside, model.classes_)] = model.predict_proba(matrix[inside])
        return found

    def cleaned(self) -> Floats:
        """Fitted again without the rows that the first pass suspects."""
        suspects = label_errors(self.words(5), self.given, self.task)
        dropped = np.isin(np.arange(len(self.given)), [s.index for s in suspects])
        return self.fitted(pairs(self.texts), logistic, 5, dropped)

    def measure(self, probabilities: Floats) -> dict[str, float]:
        """The figures of the table but the seconds."""
        found = [s.index for s in label_errors(probabilities, self.given, self.task)]
        rest = probabilities.astype(np.float64)
        own = rest[np.arange(len(rest)), self.given]
        rest[np.arange(len(rest)), self.given] = -1
        return {
            "precision": float(np.isin(found, self.wrong).mean()),
            "recall": float(np.isin(self.wrong, found).mean()),
            "found": len(found),
            "by_confidence": self._at_planted(own),
            "by_margin": self._at_planted(own - rest.max(axis=1)),
            **self._cells(probabilities),
        }

    def _cells(self, probabilities: Floats) -> dict[str, float]:
        """The same of the rows in the off-diagonal cells, as the paper takes them."""
        classes = range(self.classes)
        thresholds = np.array([probabilities[self.given == c, c].mean() for c in classes])
        reached = np.where(probabilities >= thresholds, probabilities, -1)
        off = (reached.max(axis=1) >= 0) & (reached.argmax(axis=1) != self.given)
        hits = off[self.wrong].sum()
        return {
            "cell_precision": float(hits / max(off.sum(), 1)),
            "cell_recall": float(hits / len(self.wrong)),
        }

    def _at_planted(self, scores: Floats) -> float:
        first = np.argsort(scores, kind="stable")[: len(self.wrong)]
        return float(np.isin(first, self.wrong).mean())


def logistic() -> LogisticRegression:
    """The baseline's."""
    return LogisticRegression(C=10, max_iter=300)


@cache
def pairs(texts: tuple[str, ...], longest: int = 2) -> Any:
    """Words and pairs, as the baseline has them, or longer runs with the text's two ends."""
    joined = texts if longest == 2 else [f"xxbegin {text} xxend" for text in texts]
    maker = TfidfVectorizer(
        token_pattern=r"\w+", ngram_range=(1, longest), min_df=2, sublinear_tf=True
    )
    return maker.fit_transform(joined).astype(np.float32).tocsr()


@cache
def characters(texts: tuple[str, ...]) -> Any:
    """Runs of two to five characters within words."""
    maker = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    return maker.fit_transform(texts).astype(np.float32).tocsr()


@cache
def topics(texts: tuple[str, ...]) -> Any:
    """Latent semantic analysis of the words and pairs."""
    return TruncatedSVD(150, random_state=0).fit_transform(pairs(texts, 3))


def variants(trial: Trial) -> Iterator[tuple[str, Callable[[], Floats]]]:
    """All that was tried. Later ones may use what earlier ones gave."""
    kept: dict[str, Floats] = {}

    def keep(name: str, make: Callable[[], Floats]) -> tuple[str, Callable[[], Floats]]:
        def run() -> Floats:
            kept[name] = make()
            return kept[name]

        return name, run

    def mean(*names: str) -> Callable[[], Floats]:
        return lambda: np.mean([kept[name] for name in names], axis=0)

    def trees() -> ExtraTreesClassifier:
        return ExtraTreesClassifier(100, min_samples_leaf=2, random_state=0)

    texts = trial.texts
    w, w3, c, nb, et = "words, 5 folds", CHOSEN, "characters", "naive Bayes", "trees on topics"
    t = "triples and ends, 10 folds"
    yield keep(w, lambda: trial.words(5))
    yield keep("words, 10 folds", lambda: trial.words(10))
    yield keep("words, 5 folds x 3", lambda: trial.words(5, 3))
    yield keep(w3, lambda: trial.words(10, 3))
    yield keep(t, lambda: trial.other(pairs(texts, 3), logistic, 10))
    yield keep("words, suspects dropped, again", trial.cleaned)
    yield keep(c, lambda: trial.other(characters(texts), logistic))
    yield keep(nb, lambda: trial.other(pairs(texts), lambda: MultinomialNB(alpha=0.3)))
    yield keep(et, lambda: trial.other(topics(texts), trees))
    yield keep("mean: words, characters", mean(w, c))
    yield keep("mean: words, naive Bayes", mean(w, nb))
    yield keep("mean: words, trees", mean(w, et))
    yield keep("mean: words x 3, triples", mean(w3, t))
    yield keep("mean: words x 3, triples, trees", mean(w3, t, et))


def load(name: str, data: Path) -> tuple[tuple[str, ...], Ints]:
    """Texts and class numbers."""
    examples = read([data / FILES[name] if name in FILES else name]).examples
    if name == "imdb":
        order = np.random.default_rng(0).permutation(len(examples))[:MOST]
        examples = [examples[i] for i in order]
    names = sorted({example.labels[0] for example in examples})
    truth = np.array([names.index(example.labels[0]) for example in examples])
    return tuple(example.text for example in examples), truth


def run(name: str, data: Path, seeds: range, best: bool) -> dict[str, dict[str, float]]:
    """Mean figures of each variant, and the standard deviation over seeds of one."""
    texts, truth = load(name, data)
    rows: dict[str, list[dict[str, float]]] = {}
    for seed in seeds:
        trial = Trial(texts, truth, seed)
        for title, make in variants(trial):
            if best and title not in ("words, 5 folds", CHOSEN):
                continue
            started = time.monotonic()
            found = make()
            seconds = time.monotonic() - started
            rows.setdefault(title, []).append(trial.measure(found) | {"seconds": seconds})
    return {
        title: {c: round(float(np.mean([r[c] for r in found])), 4) for c in COLUMNS}
        | {"spread": round(float(np.std([r["by_confidence"] for r in found], ddof=1)), 4)}
        for title, found in rows.items()
    }


def main() -> None:
    """Read the arguments, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", choices=[*FILES, "reviews"])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument(
        "--seeds", type=int, nargs=2, required=True, help="first, and one past last"
    )
    parser.add_argument("--best", action="store_true", help="only the plain and the chosen variant")
    options = parser.parse_args()
    print("| data | variant | " + " | ".join(COLUMNS) + " |\n|---|---|" + "---|" * len(COLUMNS))
    results = {}
    for name in options.names:
        results[name] = run(name, options.data, range(*options.seeds), options.best)
        for title, figures in results[name].items():
            numbers = (
                f"{figures[c]:.3f}" if figures[c] < 1 else f"{figures[c]:.1f}" for c in COLUMNS
            )
            print(f"| {name} | {title} | " + " | ".join(numbers) + " |", flush=True)
    facts = {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "command": " ".join(["python", *sys.argv]).replace(str(options.data), "DATA"),
        "flipped": SHARE,
        "seeds": list(range(*options.seeds)),
        "results": results,
    }
    RESULTS.mkdir(exist_ok=True)
    title = "-".join([*options.names, *map(str, options.seeds)])
    (RESULTS / f"label-errors-{title}.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
