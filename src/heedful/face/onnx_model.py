"""A classifier in an exported file: scores texts as its run folder does, without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.face.onnx_file import Travelling, open_file
from heedful.face.remembering import with_remembered
from heedful.learn.answers import probabilities_of, to_predictions
from heedful.learn.frames import reads_shapes
from heedful.records import Prediction, Task, Token
from heedful.text.batch import Batch, batches, scoring_order
from heedful.text.options import ReadOptions
from heedful.text.tokenize import Tokenizer, cut
from heedful.text.vocab import Encoded, encode

BATCH_TEXTS = 256
BATCH_TOKENS = 16_384
Arrays = dict[str, NDArray[np.float32]]


class OnnxModel:
    """A session and what travels with it.

    Attributes:
        travelling: settings, labels, vocabulary.
    """

    def __init__(self, session: Any, travelling: Travelling, path: Path) -> None:
        self.travelling, self._session, self._path = travelling, session, path
        self._tokenizer = Tokenizer(travelling.config.text)

    @classmethod
    def load(cls, path: Path, threads: int = 0) -> OnnxModel:
        """What `heedful export` wrote to a file.

        Raises:
            HeedfulError: it cannot be used.
        """
        return cls(*open_file(path, threads), path)

    @property
    def task(self) -> Task:
        """binary, multi-class or multi-label."""
        return self.travelling.labels.task

    @property
    def names(self) -> tuple[str, ...]:
        """The labels, in the order of the probabilities."""
        return self.travelling.labels.names

    @property
    def threads(self) -> int:
        """As many as there are cores: the session has been opened with them."""
        return os.cpu_count() or 1

    @property
    def attends(self) -> bool:
        """Whether there is an attention network."""
        return self.travelling.config.model.encoder != "none"

    @property
    def classes(self) -> int:
        """C, the number of logits."""
        return 1 if self.task == "binary" else len(self.travelling.labels.names)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the graph gives."""
        return tuple(one.name for one in self._session.get_outputs())

    def options(self, options: ReadOptions) -> ReadOptions:
        """The columns and label map of training, where the user gives no others."""
        return with_remembered(self.travelling.read, options, self._path)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Texts as ids, cut to `max_tokens` if that is set."""
        config, vocabulary = self.travelling.config, self.travelling.vocabulary
        asked = (self._tokenizer, vocabulary, config.text.max_tokens, config.text.keep)
        return encode(texts, *asked, shaped=reads_shapes(config))

    def tokens(self, text: str) -> list[Token]:
        """What is read of a text, with character offsets."""
        config = self.travelling.config.text
        return list(cut(self._tokenizer.tokens(text), config.max_tokens, config.keep))

    def run(self, batch: Batch, outputs: Sequence[str]) -> Arrays:
        """These outputs of the graph for a batch; no more is worked out than they need."""
        from onnxruntime import RunOptions

        asked = RunOptions()
        asked.only_execute_path_to_fetches = True
        inputs = {"ids": batch.ids, "mask": batch.mask}
        found = self._session.run(list(outputs), inputs, asked)
        return dict(zip(outputs, found, strict=True))

    def scored(
        self, encoded: Encoded, outputs: Sequence[str]
    ) -> Iterator[tuple[NDArray[np.int64], Arrays]]:
        """Which texts, and the outputs for them, batch by batch, longest texts first."""
        plan = scoring_order(encoded.lengths, BATCH_TEXTS, BATCH_TOKENS)
        for batch in batches(encoded, plan):
            yield batch.order, self.run(batch, outputs)

    def logits(self, encoded: Encoded) -> NDArray[np.float32]:
        """(N, number of logits) in the order of the texts."""
        result = np.zeros((len(encoded), self.classes), np.float32)
        for order, found in self.scored(encoded, ("logits",)):
            result[order] = found["logits"]
        return result

    def predict(self, texts: Sequence[str], threads: int = 0) -> list[Prediction]:
        """One Prediction a text; the session's threads were chosen when it was opened."""
        encoded = self.encode(texts)
        return self.predictions(self.logits(encoded), encoded)

    def pass_over(self, texts: Sequence[str]) -> None:
        """Nothing is prepared for many texts."""

    def predictions(self, logits: NDArray[np.float32], encoded: Encoded) -> list[Prediction]:
        """Logits of the texts as records."""
        probabilities = probabilities_of(logits, self.task)
        counts = (encoded.lengths, encoded.unknown, encoded.cut)
        own = self.travelling
        return to_predictions(probabilities, counts, own.labels, own.decision)
