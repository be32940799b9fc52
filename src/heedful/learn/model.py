"""A trained classifier and all that belongs to it, and how it scores texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.config import Config
from heedful.learn.answers import decided, to_predictions
from heedful.learn.decision import Decision
from heedful.learn.frames import reads_shapes
from heedful.learn.memory import release_after
from heedful.nn.classify import Classifier, Scored
from heedful.nn.tabled import first_layer_known
from heedful.records import Prediction, Task, Token
from heedful.text.batch import batches, scoring_order
from heedful.text.labels import Labels
from heedful.text.pieces import PieceTokenizer
from heedful.text.tokenize import Tokenizer, cut
from heedful.text.vocab import Encoded, Vocabulary, encode

# Padded tokens in a scoring batch: large enough for full matrix speed, small enough to keep a
# wide recurrent network's activations within some tens of MiB.
SCORING_TOKENS = 16_384
SCORING_TEXTS = 256
ALONE = 10_000  # characters
SHARED = 4 * SCORING_TOKENS  # tokens: fewer are scored sooner than threads are started


@dataclass
class TextModel:
    """Settings, labels, vocabulary, tokenizer, network, decision rule: what a run folder holds."""

    config: Config
    labels: Labels
    vocabulary: Vocabulary
    tokenizer: Tokenizer
    network: Classifier
    decision: Decision = field(default_factory=Decision)

    @property
    def task(self) -> Task:
        """binary, multi-class or multi-label."""
        return self.labels.task

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Texts as ids, cut to `max_tokens` if that is set.

        With frames, ids from the vocabulary's size on are unknown words by their shape.
        """
        text, shaped = self.config.text, reads_shapes(self.config)
        if isinstance(self.tokenizer, PieceTokenizer):
            return self.tokenizer.encode(texts, text.max_tokens, text.keep)
        asked = (self.tokenizer, self.vocabulary, text.max_tokens, text.keep)
        return encode(texts, *asked, shaped=shaped)

    def tokens(self, text: str) -> list[Token]:
        """What is read of a text, with character offsets: as many tokens as `encode` has ids."""
        config = self.config.text
        return list(cut(self.tokenizer.tokens(text), config.max_tokens, config.keep))

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, C), one column per class, binary models two."""
        return to_probabilities(logits(self.network, self.encode(texts)), self.task)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One Prediction a text."""
        encoded = self.encode(texts)
        rows = to_probabilities(logits(self.network, encoded), self.task)
        return self.to_predictions(rows, encoded.lengths, encoded.unknown, encoded.cut)

    def to_predictions(
        self,
        probabilities: NDArray[np.float32],
        read: NDArray[np.int64],
        unknown: NDArray[np.int64],
        cut: NDArray[np.int64],
    ) -> list[Prediction]:
        """Rows of probabilities (N, C) and counts of tokens (N,) as records."""
        return to_predictions(probabilities, (read, unknown, cut), self.labels, self.decision)

    def decided(self, probabilities: NDArray[np.float32]) -> list[tuple[str, ...]]:
        """The label names that the rows of probabilities (N, C) amount to."""
        return decided(probabilities, self.labels, self.decision)


def number_of_logits(labels: Labels) -> int:
    """One for a binary task, else one per class."""
    return 1 if labels.task == "binary" else len(labels.names)


@contextmanager
def inference(network: torch.nn.Module) -> Iterator[None]:
    """Drop-out off and no gradients, the network's mode restored afterwards."""
    training = network.training
    # Setting the mode of a network that has it takes as long as a short text.
    if any(module.training for module in network.modules()):
        network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        if training:
            network.train()


def cores() -> int:
    """Processor cores this process may use; a container's or scheduler's limit counts."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


@contextmanager
def using_threads(count: int) -> Iterator[None]:
    """`count` torch threads (0 = one per core), the caller's number restored afterwards."""
    before, wanted = torch.get_num_threads(), count or cores()
    if wanted == before:
        yield
        return
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_for(texts: Sequence[str], most: int) -> int:
    """Torch threads for scoring some texts: one where the work is too small to be shared.

    Two threads do not score a few short texts sooner, and where another program has the second
    core, each of the network's steps waits for it (measured: 24 ms at worst instead of 2).
    """
    return 1 if sum(map(len, texts)) < ALONE else most


def device_of(network: torch.nn.Module) -> torch.device:
    """Where the network's parameters live."""
    return next(network.parameters()).device


def scoring_batches(
    network: Classifier, encoded: Encoded
) -> Iterator[tuple[NDArray[np.int64], Tensor, Tensor]]:
    """Which texts, their ids and their mask, where the network lives; longest texts first."""
    device = device_of(network)
    plan = scoring_order(encoded.lengths, SCORING_TEXTS, SCORING_TOKENS)
    for batch in batches(encoded, plan):
        release_after(batch.ids.size)
        ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
        yield batch.order, ids.to(device), mask.to(device)


def scored(network: Classifier, encoded: Encoded) -> Iterator[tuple[NDArray[np.int64], Scored]]:
    """Scored batches with the indices of their texts, longest texts first.

    What a text scores does not depend on its neighbours (<= 1e-5).
    """
    for order, ids, mask in scoring_batches(network, encoded):
        with inference(network):
            result = network(ids, mask)
        yield order, Scored(*(part.detach().cpu() for part in result))


def logits(network: Classifier, encoded: Encoded) -> NDArray[np.float32]:
    """(N, number of logits) in the order of the texts.

    Batches are shared out among the threads, one thread a batch: threads within a batch would
    wait for each other at every step of a recurrent layer, and at every small sum elsewhere.
    """
    result = np.zeros((len(encoded), network.classes), dtype=np.float32)

    def score(batch: tuple[NDArray[np.int64], Tensor, Tensor]) -> None:
        order, ids, mask = batch
        with torch.inference_mode():
            result[order] = network.logits(ids, mask).cpu().numpy()

    threads = torch.get_num_threads() if device_of(network).type == "cpu" else 1
    with inference(network), first_layer_known(network, len(encoded.ids)):
        if threads == 1 or len(encoded.ids) < SHARED:
            for batch in scoring_batches(network, encoded):
                score(batch)
        else:
            _share_out(score, scoring_batches(network, encoded), threads)
    return result


def _share_out(work: Callable[[Any], None], pieces: Iterable[Any], threads: int) -> None:
    """Do all pieces of work, each on one of so many threads, a few of them waiting at most."""
    room = Semaphore(2 * threads)

    def one(piece: Any) -> None:
        try:
            work(piece)
        finally:
            room.release()

    def begin() -> None:
        torch.set_num_threads(1)  # of this thread

    with using_threads(1), ThreadPoolExecutor(threads, initializer=begin) as pool:
        waiting = []
        for piece in pieces:
            room.acquire()
            waiting.append(pool.submit(one, piece))
        for done in waiting:
            done.result()


def logits_and_uniform(
    network: Classifier, encoded: Encoded
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Twice (N, number of logits): the decision, and the decision under uniform attention."""
    learned = np.zeros((len(encoded), network.classes), dtype=np.float32)
    uniform = np.zeros_like(learned)
    with inference(network):
        for order, ids, mask in scoring_batches(network, encoded):
            one, other = network.logits_and_uniform(ids, mask)
            learned[order], uniform[order] = one.cpu().numpy(), other.cpu().numpy()
    return learned, uniform


def to_probabilities(values: NDArray[np.float32] | Tensor, task: Task) -> NDArray[np.float32]:
    """Logits to probabilities, one column per class (a binary logit becomes two)."""
    tensor = torch.as_tensor(values, dtype=torch.float64)
    if task == "multi-class":
        return torch.softmax(tensor, dim=1).numpy().astype(np.float32)
    p = torch.sigmoid(tensor)
    if task == "binary":
        p = torch.cat([1 - p, p], dim=1)
    return p.numpy().astype(np.float32)
