"""A run folder as the estimator it belongs to."""

from __future__ import annotations

from pathlib import Path

from heedful.learn.estimator import TextClassifier
from heedful.learn.estimator import load as load_classifier
from heedful.learn.hub_run import located
from heedful.learn.run import is_sequence_run
from heedful.learn.transducer import SequenceTransducer


def load(folder: str | Path) -> TextClassifier | SequenceTransducer:
    """What the command line or `save` wrote: a TextClassifier, or a SequenceTransducer.

    `hf://owner/name[@revision]` is fetched from the Hugging Face hub.

    Raises:
        HeedfulError: no finished run there, or a damaged one.
    """
    folder = located(folder)
    if is_sequence_run(folder):
        return SequenceTransducer.load(folder)
    return load_classifier(folder)
