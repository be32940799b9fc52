"""The linear model that every network has to stand beside: TF-IDF and logistic regression.

    python bench/linear.py --data DATA imdb

Read, fit and scored from raw text in one process, with single words and with word pairs
(sublinear term frequency, words of at least two documents, C = 10).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from heedful.text.corpus import read


def main() -> None:
    """Print one row a model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", help="folder with train.tsv and test.tsv")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    options = parser.parse_args()
    folder = options.data / options.dataset
    train, test = (read([folder / f"{name}.tsv"]).examples for name in ("train", "test"))
    print("| | accuracy | fit, s | score, s |\n|---|---|---|---|")
    for name, longest in (("single words", 1), ("single words and pairs", 2)):
        model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, longest), min_df=2, sublinear_tf=True),
            LogisticRegression(C=10, max_iter=1000),
        )
        started = time.monotonic()
        model.fit([e.text for e in train], [e.labels[0] for e in train])
        fitted = time.monotonic()
        right = model.score([e.text for e in test], [e.labels[0] for e in test])
        scored = time.monotonic()
        print(f"| {name} | {right:.4f} | {fitted - started:.0f} | {scored - fitted:.0f} |")


if __name__ == "__main__":
    main()
