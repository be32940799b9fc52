"""What the parts of a training step cost: ours beside PyTorch's own, forwards and backwards.

    python bench/steps.py
    python bench/steps.py --threads 1

32 texts of 256 tokens, vectors of 128, 256 filters of width 5, a table of 30,000 rows, words
as frequent as Zipf has them; and whole networks. Milliseconds, the median of thirty repetitions
(eight of whole networks). Prints a table, writes bench/results/steps.json.
"""

from __future__ import annotations

import heedful  # isort: skip  # noqa: F401  (before torch: it says how threads wait)

import argparse
import json
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from typing import Literal

import contest
import numpy as np
import torch
from torch import Tensor, nn

from heedful.config import TrainConfig
from heedful.learn.average import Average
from heedful.learn.classifying import Classifying
from heedful.learn.data import Data
from heedful.learn.fit import with_machine
from heedful.learn.gradients import Gradients
from heedful.learn.updates import Updates
from heedful.nn.classify import Classifier
from heedful.nn.convolve import convolve
from heedful.nn.dropout import Dropout
from heedful.nn.tabled import Tabled
from heedful.presets import preset
from heedful.text.vocab import Encoded

TEXTS, TOKENS, WIDTH, FILTERS, ROWS = 32, 256, 128, 256, 30_000


def took(work: Callable[[], object], times: int = 30) -> float:
    """Milliseconds, after three that do not count."""
    seconds = []
    for number in range(times + 3):
        started = time.perf_counter()
        work()
        if number >= 3:
            seconds.append(time.perf_counter() - started)
    return 1000 * median(seconds)


def there_and_back(work: Callable[[Tensor], Tensor], values: Tensor, *, half: bool) -> float:
    """Forwards and backwards, in bfloat16 if asked for."""

    def step() -> None:
        values.grad = None
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            made = work(values)
        made.float().square().mean().backward()

    return took(step)


def product(kind: torch.dtype) -> float:
    """Two large square matrices."""
    one = torch.randn(2048, 2048).to(kind)
    return took(lambda: one @ one)


def of_table(optimizer: Literal["adam", "lazy-adam"]) -> float:
    """A batch's token vectors looked up, and all that follows: gradient, clip, update, average."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Embedding(ROWS, WIDTH), nn.Linear(WIDTH, 1))
    lazy = optimizer == "lazy-adam"
    updates = Updates(network, TrainConfig(optimizer=optimizer), [network[0]] if lazy else [])
    average = Average(network, 0.99, "0.weight" if lazy else None)
    ids = torch.multinomial(1 / torch.arange(1.0, ROWS + 1), TEXTS * TOKENS, replacement=True)
    steps = count(1)

    def step() -> None:
        updates.zero_grad()
        network(ids).square().sum().backward()
        updates.clip(1.0)
        rows = updates.touched()
        average.catch_up(rows)
        updates.step()
        average.update(next(steps), rows)

    return took(step)


def first_layer(layer: nn.Conv1d, ids: Tensor, *, known: bool) -> float:
    """States before ReLU, without gradients: from the tokens' vectors, or from a table of rows."""
    vectors, mask = torch.randn(ROWS, WIDTH), torch.ones_like(ids, dtype=torch.bool)
    table = Tabled(vectors, [layer])
    with torch.inference_mode():
        if known:
            return took(lambda: table(ids, mask))
        return took(lambda: convolve(layer, vectors[ids]))


def of_network(name: str, texts: int, tokens: int, *, cut: bool) -> float:
    """Gradients of a batch: threads share every step, or take a part of the texts each."""
    config = with_machine(preset(name))
    random = np.random.default_rng(0)
    none = np.zeros(texts, np.int64)
    ids = random.integers(4, 10_000, texts * tokens).astype(np.int32)
    encoded = Encoded(ids, np.arange(texts + 1) * tokens, none, none)
    torch.manual_seed(0)
    network = Classifier(config.model, 10_000, 1).train()
    data = Data(encoded, random.integers(0, 2, texts))
    job = Classifying(network, data, None, config.train, "binary", 2)
    job.divisible = cut
    gradients = Gradients(job, torch.get_num_threads())
    order = np.arange(texts)
    try:
        return took(lambda: gradients(order, 0.0, 0), 8)
    finally:
        gradients.close()


def measured() -> dict[str, tuple[float, float]]:
    """PyTorch's own way and ours, by what is done."""
    torch.manual_seed(0)
    values = torch.randn(TEXTS, TOKENS, WIDTH, requires_grad=True)
    layer = nn.Conv1d(WIDTH, FILTERS, 5, padding=2)

    def turned(x: Tensor) -> Tensor:
        made: Tensor = layer(x.transpose(1, 2)).transpose(1, 2)
        return made

    def ours(x: Tensor) -> Tensor:
        return convolve(layer, x)

    often = 1 / torch.arange(1.0, ROWS + 1)
    ids = torch.multinomial(often, TEXTS * TOKENS, replacement=True).view(TEXTS, TOKENS)
    return {
        "product of 2,048 x 2,048, float32 and bfloat16": (
            product(torch.float32), product(torch.bfloat16)
        ),
        "convolution, axes turned and not, float32": (
            there_and_back(turned, values, half=False), there_and_back(ours, values, half=False)
        ),
        "the same in bfloat16": (
            there_and_back(turned, values, half=True), there_and_back(ours, values, half=True)
        ),
        "the same forwards alone, float32, and from a table": (
            first_layer(layer, ids, known=False), first_layer(layer, ids, known=True)
        ),
        "drop-out, nn.Dropout and ours": (
            there_and_back(nn.Dropout(0.5), values, half=False),
            there_and_back(Dropout(0.5), values, half=False),
        ),
        "token vectors, all rows updated and those touched": (
            of_table("adam"), of_table("lazy-adam")
        ),
        "`stacked-bilstm`, 200 texts of 200 tokens, threads share steps and take parts": (
            of_network("stacked-bilstm", 200, 200, cut=False),
            of_network("stacked-bilstm", 200, 200, cut=True),
        ),
        "`default`, 32 texts of 256, threads share steps and take parts": (
            of_network("default", 32, 256, cut=False), of_network("default", 32, 256, cut=True)
        ),
    }  # fmt: skip


def main() -> None:
    """Read the arguments; run, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found = measured()
    rows = [[name, f"{a:.1f}", f"{b:.1f}", f"{a / b:.2f}"] for name, (a, b) in found.items()]
    print(contest.table(("what", "before, ms", "after, ms", "times"), rows))
    facts = {"machine": contest.machine(), "threads": options.threads, "milliseconds": found}
    path = Path(__file__).parent / "results" / "steps.json"
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
