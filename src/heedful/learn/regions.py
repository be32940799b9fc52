"""An encoder that has read before it is told what for: its states foretell the words near by.

Johnson & Zhang 2015, "Semi-supervised convolutional neural networks for text categorization via
region embedding", section 2.1: what a window of words says of the windows beside it needs no
labels, and carries over. Theirs is a squared loss over all words; here it is a softmax over the
word that stands there and some drawn at random (Jean et al. 2015, section 3.2).
"""

from __future__ import annotations

import math
import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from heedful.config import Config, TrainConfig
from heedful.learn.listener import Listener
from heedful.learn.model import using_threads
from heedful.learn.precision import dtype_of
from heedful.learn.schedule import rate
from heedful.learn.updates import Updates
from heedful.nn.classify import Classifier
from heedful.records import HeedfulError
from heedful.text.batch import pad, training_order
from heedful.text.vocab import RESERVED, UNK, Encoded

TEXTS, TOKENS = 64, 16_384  # of a batch, at most
DRAWN = 256  # words told apart from the right one, the same for the whole batch
_SEED = 0x7265  # sets these draws apart from those of training


class Reader(nn.Module):
    """What is learnt: the network's first two parts, and what each word looks like from afar.

    Attributes:
        before, after: (V, H) a word's vector where it stands before the window or behind it.
    """

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.embed, self.encode = network.embed, network.encode
        words, width = network.embed.table.num_embeddings, network.encode.width
        self.outside = nn.Embedding(2 * words, width, sparse=True)
        nn.init.zeros_(self.outside.weight)


class Words:
    """Which words are asked for, and which stand in for all the others.

    Args:
        counts: (V,) how often each id occurs; those never asked for have 0.
        sample: more frequent words than this share of all are asked for less often (Mikolov et al.
            2013, section 2.3).
    """

    def __init__(self, counts: NDArray[np.int64], sample: float) -> None:
        counts = counts.astype(np.float64)
        counts[: len(RESERVED)] = 0
        shares = counts / max(counts.sum(), 1)
        with np.errstate(divide="ignore"):
            self.kept = np.minimum(1.0, np.sqrt(sample / shares)) if sample else counts > 0
        self.kept = np.where(counts > 0, self.kept, 0.0)
        noise = counts**0.75
        self.cumulative = np.cumsum(noise / max(noise.sum(), 1e-300))
        with np.errstate(divide="ignore"):
            self.log_noise = np.log(noise / max(noise.sum(), 1e-300)).astype(np.float32)

    def draw(self, random: np.random.Generator) -> NDArray[np.int64]:
        """DRAWN ids, frequent words more often."""
        found = np.searchsorted(self.cumulative, random.random(DRAWN), side="right")
        return np.minimum(found, len(self.cumulative) - 1)


def targets(
    ids: NDArray[np.int64],
    mask: NDArray[np.bool_],
    words: Words,
    reach: int,
    span: int,
    random: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """What the state of each token is asked: a word just out of its sight, to the left or right.

    Args:
        ids: (B, T).
        mask: (B, T), True = real.
        words: which are asked for.
        reach: tokens to either side that a state sees.
        span: distances asked for are reach + 1 ... reach + span.
        random: draws side, distance and whether to ask.

    Returns:
        places in the flattened batch whose state is asked, (N,); the ids that it should foretell,
        (N,); whether these stand behind it, (N,).
    """
    distance = random.integers(reach + 1, reach + span + 1, ids.shape)
    behind = random.random(ids.shape) < 0.5
    there = np.arange(ids.shape[1]) + np.where(behind, distance, -distance)
    inside = np.clip(there, 0, ids.shape[1] - 1)
    wanted = np.take_along_axis(ids, inside, axis=1)
    asked = (there == inside) & mask & np.take_along_axis(mask, inside, axis=1)
    asked &= random.random(ids.shape) < words.kept[wanted]
    return np.flatnonzero(asked), wanted[asked], behind[asked]


def told_apart(
    states: Tensor, outside: Tensor, drawn: Tensor, log_noise: Tensor, wanted: Tensor
) -> Tensor:
    """The summed negative log probability of each word wanted, among it and those drawn.

    A word drawn k times more often than the words' own share would have it counts 1/k: its score
    loses log(draws x its share of the draws), which makes the sum an estimate of that over all.

    Args:
        states: (N, H).
        outside: (K + N, H): vectors of the words drawn, then of those wanted.
        drawn: (K,) ids.
        log_noise: (K,) logarithm of each one's share of the draws.
        wanted: (N,) ids.
    """
    others = (states @ outside[: len(drawn)].T).float() - (log_noise + math.log(len(drawn)))
    others = others.masked_fill(wanted.unsqueeze(1) == drawn.unsqueeze(0), -torch.inf)
    right = (states * outside[len(drawn) :]).sum(dim=1, dtype=torch.float32)
    everything = torch.cat([right.unsqueeze(1), others], dim=1)
    return (torch.logsumexp(everything, dim=1) - right).sum()


def learn_regions(
    network: Classifier, encoded: Encoded, config: Config, listener: Listener
) -> None:
    """Let embedding and encoder read all texts, `pretrain.regions` times; changes them in place.

    Args:
        network: whose encoder sees a window of tokens.
        encoded: texts with and without labels.
        config: `pretrain.regions`, `region_words`, `sample`; seed, threads and precision of
            training.
        listener: who watches.

    Raises:
        HeedfulError: the encoder sees the whole text, so that nothing is left to foretell.
    """
    passes, seed = config.pretrain.regions, config.train.seed
    if network.encode.reach is None:
        raise HeedfulError(
            f"pretrain.regions={passes} needs an encoder that reads a window of words, and "
            f"{config.model.encoder} reads the whole text; use model.encoder=conv, or "
            "pretrain.regions=0"
        )
    reader = Reader(network).eval().to(network.embed.table.weight.device)
    settings = TrainConfig(learning_rate=config.pretrain.region_rate, optimizer="lazy-adam")
    size = network.embed.table.num_embeddings
    counts = np.bincount(np.minimum(encoded.ids, size), minlength=size + 1)[:size]
    work = _Work(reader, Words(counts, config.pretrain.sample), settings, config)
    with torch.random.fork_rng(devices=[]), using_threads(config.train.threads):
        flushing = torch.set_flush_denormal(True)
        try:
            for number in range(passes):
                work.read_all(encoded, (seed, _SEED, number), listener)
        finally:
            work.updates.zero_grad()
            network.embed.table.sparse = False
            if flushing:
                torch.set_flush_denormal(False)


class _Work:
    """The passes over the texts."""

    def __init__(self, reader: Reader, words: Words, settings: TrainConfig, config: Config) -> None:
        self.reader, self.words, self.config = reader, words, config
        self.updates = Updates(reader, settings, [reader.embed.table, reader.outside])
        self.precision = dtype_of(config.train.precision)
        self.highest = settings.learning_rate

    def read_all(self, encoded: Encoded, seed: tuple[int, ...], listener: Listener) -> None:
        """One pass over all texts."""
        plan = training_order(encoded.lengths, TEXTS, TOKENS, seed)
        started, cost, asked = time.monotonic(), 0.0, 0
        passes = self.config.pretrain.regions
        for number, order in enumerate(plan):
            progress = (seed[-1] + number / len(plan)) / passes
            self.updates.rate = rate("one-cycle", self.highest, progress)
            random = np.random.default_rng([*seed, number])
            found = self._learn(encoded, order, random)
            cost, asked = cost + found[0], asked + found[1]
        seconds = max(time.monotonic() - started, 1e-9)
        listener.say(
            f"reading for words near by, pass {seed[-1] + 1}/{passes}: "
            f"{len(encoded.ids):,} tokens in {seconds:.1f} s, "
            f"loss {cost / max(asked, 1):.4f}"
        )

    def _learn(
        self, encoded: Encoded, order: NDArray[np.int64], random: np.random.Generator
    ) -> tuple[float, int]:
        """One batch; its summed loss and how many words it was asked for."""
        batch, reader = pad(encoded, order), self.reader
        size, reach = reader.embed.table.num_embeddings, reader.encode.reach or 0
        ids = np.where(batch.ids < size, batch.ids, UNK)
        span = self.config.pretrain.region_words
        places, wanted, behind = targets(ids, batch.mask, self.words, reach, span, random)
        if not len(places):
            return 0.0, 0
        drawn = self.words.draw(random)
        device = reader.embed.table.weight.device
        mask = torch.from_numpy(batch.mask).to(device)
        noise = torch.from_numpy(self.words.log_noise[drawn]).to(device)
        half = self.precision == torch.bfloat16
        self.updates.zero_grad()
        loss = torch.zeros((), device=device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
            values = reader.embed(torch.from_numpy(ids).to(device), mask)
            states = reader.encode(values, mask).states.flatten(0, 1)
            for side in (False, True):
                chosen = behind == side
                of_side = wanted[chosen]
                rows = np.concatenate([drawn, of_side]) + size * side
                outside = reader.outside(torch.from_numpy(rows).to(device))
                asked = states[torch.from_numpy(places[chosen]).to(device)]
                outside = outside.to(asked.dtype)
                pair = (torch.from_numpy(drawn).to(device), noise)
                loss = loss + told_apart(
                    asked, outside, *pair, torch.from_numpy(of_side).to(device)
                )
        (loss / len(places)).backward()  # type: ignore[no-untyped-call]
        self.updates.clip(1.0)
        self.updates.step()
        return float(loss.detach()), len(places)
