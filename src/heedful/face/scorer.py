"""What scores texts for `heedful predict`: a run folder, or a file that was exported from one.

torch is loaded only where a run folder is opened.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from heedful.face.onnx_file import is_exported
from heedful.face.remembering import remembered
from heedful.records import Prediction, Task
from heedful.text.options import ReadOptions

if TYPE_CHECKING:
    from heedful.learn.model import TextModel

MANY_CHARACTERS = 2_000_000


class Scorer(Protocol):
    """Whatever predicts."""

    @property
    def task(self) -> Task:
        """binary, multi-class or multi-label."""

    @property
    def names(self) -> Sequence[str]:
        """The labels, in the order of the probabilities."""

    @property
    def threads(self) -> int:
        """That much text is scored with."""

    def options(self, options: ReadOptions) -> ReadOptions:
        """The columns and label map of training, where the user gives no others."""

    def predict(self, texts: Sequence[str], threads: int = 0) -> list[Prediction]:
        """One Prediction a text, by so many threads if they are many; 0 = `self.threads`."""

    def pass_over(self, texts: Sequence[str]) -> None:
        """These texts are scored already: what comes after them is the same to the last bit."""


class RunScorer:
    """The model of a run folder, for texts that come chunk by chunk.

    Args:
        folder: the run.
        model: what was loaded from it; nobody else may use it, as it prepares for many texts.
    """

    def __init__(self, folder: Path, model: TextModel) -> None:
        self._folder, self._model = folder, model
        self._read, self._prepared = 0, ExitStack()

    @property
    def task(self) -> Task:
        """binary, multi-class or multi-label."""
        return self._model.task

    @property
    def names(self) -> Sequence[str]:
        """The labels, in the order of the probabilities."""
        return self._model.labels.names

    @property
    def threads(self) -> int:
        """One per core."""
        from heedful.learn.model import cores

        return cores()

    def options(self, options: ReadOptions) -> ReadOptions:
        """The columns and label map of training, where the user gives no others."""
        return remembered(self._folder, options)

    def predict(self, texts: Sequence[str], threads: int = 0) -> list[Prediction]:
        """One Prediction a text, by so many threads if they are many; 0 = one per core."""
        from heedful.learn.model import threads_for, using_threads
        from heedful.nn.tabled import first_layer_known

        # How many will come is not known. After so many it has paid to prepare for as many again.
        if self._read >= MANY_CHARACTERS:
            self._prepared.enter_context(first_layer_known(self._model.network, sys.maxsize))
        self.pass_over(texts)
        with using_threads(threads_for(texts, threads)):
            return self._model.predict(texts)

    def pass_over(self, texts: Sequence[str]) -> None:
        """Count these texts as read."""
        self._read += sum(map(len, texts))


def open_scorer(run: str) -> Scorer:
    """What a run folder, or an exported file, holds.

    Raises:
        HeedfulError: neither, or a damaged one.
    """
    if is_exported(run):
        from heedful.face.onnx_model import OnnxModel

        return OnnxModel.load(Path(run))
    from heedful.learn.folder import load_model

    return RunScorer(Path(run), load_model(Path(run)))
