"""What a card costs, beside Captum's integrated gradients.

    python bench/cards.py --data ../shared/data/imdb/test.tsv default=RUN faithful=RUN2

For every run: seconds for one card (attention and contribution) of a review of 250 tokens, the
median of seven; cards of 1,000 test reviews; 200 of them under Captum's integrated gradients (50
steps, Gauss-Legendre, a review at a time as its documentation shows it), which gives a map and no
card. Numbers go to bench/results/cards.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients

from heedful.explain.trust import judgements
from heedful.explain.trusted import trusted_examples
from heedful.learn.folder import load_model
from heedful.learn.model import TextModel, using_threads
from heedful.records import Example
from heedful.text.corpus import ReadOptions, read
from heedful.text.vocab import UNK

RESULTS = Path(__file__).parent / "results"
LENGTH = 250
CAPTUM = 200  # reviews that Captum explains


def timed(task: Callable[[], Any]) -> float:
    """Wall seconds."""
    started = time.perf_counter()
    task()
    return time.perf_counter() - started


def captum_maps(model: TextModel, texts: list[str]) -> None:
    """Integrated gradients of every text by Captum."""
    network = model.network

    def logit(values: torch.Tensor) -> torch.Tensor:
        mask = torch.ones(values.shape[:2], dtype=torch.bool)
        _, attended = network.pool(values, mask)
        return network.head(attended.context.squeeze(1))[:, 0]

    captum = IntegratedGradients(logit)
    encoded = model.encode(texts)
    for i in range(len(encoded)):
        ids = torch.from_numpy(encoded[i].astype(np.int64))[None]
        if ids.shape[1]:
            mask = torch.ones(ids.shape, dtype=torch.bool)
            with torch.no_grad():
                values = network.embed(ids, mask)
                empty = network.embed(torch.full_like(ids, UNK), mask)
            captum.attribute(values, empty, n_steps=50, method="gausslegendre")


def one_card(model: TextModel, texts: list[str]) -> tuple[float, int]:
    """Median seconds of a card, and the tokens of its review (the model may read fewer)."""
    long = next(t for t in texts if len(model.tokenizer.tokens(t)) >= LENGTH)
    text = long[: model.tokenizer.tokens(long)[LENGTH - 1].end]

    def card() -> None:
        list(trusted_examples(model, [Example(text)]))

    card()  # the first call loads and warms up
    return statistics.median(timed(card) for _ in range(7)), len(model.tokens(text))


def measured(run: str, texts: list[str]) -> dict[str, Any]:
    """The figures of one run."""
    model = load_model(Path(run))
    model.network.eval()
    with using_threads(0):
        card, tokens = one_card(model, texts)

        def cards() -> None:
            for _ in judgements(model, model.encode(texts), ("attention", "contribution")):
                pass

        every = timed(cards)
        captum = timed(lambda: captum_maps(model, texts[:CAPTUM]))
    return {"card": card, "card_tokens": tokens, "cards": every, "captum": captum}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=1000)
    options = parser.parse_args()
    examples = read([options.data], ReadOptions(text="text", label="label")).examples
    chosen = np.random.default_rng(0).choice(len(examples), options.texts, replace=False)
    texts = [examples[i].text for i in np.sort(chosen).tolist()]
    found = {}
    print(f"| run | one card | tokens | cards of all | Captum's integrated gradients of {CAPTUM} |")
    print("|---|---|---|---|---|")
    for pair in options.runs:
        name, _, run = pair.partition("=")
        row = found[name] = measured(run, texts)
        print(
            f"| {name} | {row['card']:.2f} s | {row['card_tokens']} | {row['cards']:.0f} s | "
            f"{row['captum']:.0f} s |",
            flush=True,
        )
    facts = {"texts": len(texts), "date": datetime.now(UTC).date().isoformat(), "runs": found}
    (RESULTS / "cards.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
