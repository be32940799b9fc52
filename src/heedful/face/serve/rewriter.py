"""A network that rewrites as a served model."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from heedful.learn.model import threads_for, using_threads
from heedful.learn.sequence_folder import load_sequence
from heedful.records import Rewriting


class ServedRewriter:
    """A run that rewrites sequences.

    Attributes:
        name: what clients call it.
        folder: the run.
        model: rewrites; only ever used by one thread.
        explaining: the same weights in a network of its own, for another thread.
    """

    kind = "sequence"

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.model = load_sequence(folder)
        network = self.model.network
        tensors = {id(x): x for x in network.state_dict(keep_vars=True).values()}
        self.explaining = replace(self.model, network=copy.deepcopy(network, tensors))

    def beam(self, asked: int | None, best: int) -> int:
        """Hypotheses to keep: as asked or as trained, and enough for the best so many."""
        return max(best, asked or self.model.config.sequence.beam)

    def rewrite(self, texts: Sequence[str], beam: int, best: int) -> list[list[Rewriting]]:
        """Of each text its best rewritings."""
        with using_threads(threads_for(texts, 0)):
            return self.model.rewrite(texts, self.model.searching(beam, looks=False), best)

    def explain(self, text: str) -> Any:
        """The best rewriting and where the network looked, as JSON."""
        with using_threads(threads_for([text], 1)):
            ((found,),) = self.explaining.rewrite([text], self.explaining.searching(), 1)
        return found.to_json()


def as_answer(one: Rewriting) -> dict[str, Any]:
    """A rewriting as requests are answered; `translation_text` is the name that clients know."""
    return {
        "translation_text": one.text,
        "score": one.score,
        "log_probability": one.log_probability,
        "finished": one.finished,
    }
