"""A model trained in Keras as a heedful run folder: explained, measured, served like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from heedful.config import Config
from heedful.keras.agreement import check, keras_probabilities, made_up
from heedful.keras.chain import chain, named, without_texts
from heedful.keras.head import Loss, labels_of
from heedful.keras.stages import Stages, stages
from heedful.keras.vectorization import Vectorization, vectorization_of
from heedful.records import HeedfulError
from heedful.settings import apply
from heedful.text.labels import Labels
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import RESERVED, UNK, Vocabulary

if TYPE_CHECKING:
    from heedful.learn.model import TextModel


@dataclass(frozen=True)
class Converted:
    """What a conversion made.

    Attributes:
        folder: the run folder.
        difference: the largest one between the two models' probabilities, on made-up ids.
        unused: vectors of the Keras model that the vocabulary has no token for.
    """

    folder: Path
    difference: float
    unused: int


def convert(
    model: Any,
    folder: str | Path,
    *,
    labels: Sequence[str],
    vocabulary: Any = None,
    overwrite: bool = False,
) -> Converted:
    """Write a Keras model as a heedful run folder, and check that both say the same.

    The model: Embedding with mask_zero, then layers of LSTM or GRU (Bidirectional or not), or one
    Conv1D, or nothing, AttentionPooling, and one or two Dense layers; drop-out anywhere.

    Args:
        model: keras.Sequential, or keras.Model(inputs, outputs).
        folder: the run folder.
        labels: names of the classes in the order of the model's outputs; of a single sigmoid
            output that of 0, then that of 1.
        vocabulary: the TextVectorization layer, a Vectorization, or a list of tokens, which counts
            as that of a TextVectorization whose other arguments were left alone. None where the
            model begins with a TextVectorization.
        overwrite: replace a finished run that lies there.

    Raises:
        HeedfulError: the model cannot be expressed (the layer is named), tokens or labels do not
            fit it, the two do not agree, or a finished run lies there; nothing is written then.
        ModuleNotFoundError: PyTorch is not installed.
    """
    folder = _checked(folder, overwrite=overwrite)
    steps = chain(model)
    parts = stages(steps, _loss(model))
    texts = _texts(parts, vocabulary)
    limit = _fixed_length(model, parts, texts)
    made = _model(parts, texts, labels_of(parts.head, labels), limit)
    difference = _difference(without_texts(model, parts.vectorization), parts, made, limit)
    from heedful.keras.writing import write

    write(made, folder, str(model.name), overwrite=overwrite)
    return Converted(folder, difference, len(parts.table) - 2 - len(texts.words()))


def _checked(folder: str | Path, *, overwrite: bool) -> Path:
    from heedful.learn.run import is_run, recover

    if not str(folder):
        raise HeedfulError("the run folder has no name")
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise HeedfulError(f"{folder} is a file; name a folder for the run")
    recover(folder)
    if is_run(folder) and not overwrite:
        raise HeedfulError(f"{folder} already holds a finished run; name another folder")
    return folder


def _loss(model: Any) -> Loss:
    """The loss of a model's first output."""
    loss = getattr(model, "loss", None)
    if isinstance(loss, list | tuple) and loss:  # one for each output
        loss = loss[0]
    elif isinstance(loss, dict):
        names = getattr(model, "output_names", None) or list(loss)  # a Sequential has one output
        loss = loss.get(names[0]) if names else None
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    return Loss(str(name or "").lower(), bool(getattr(loss, "from_logits", False)))


def _texts(parts: Stages, vocabulary: Any) -> Vectorization:
    inside = parts.vectorization
    if vocabulary is None and inside is None:
        raise HeedfulError("the model begins with ids; give the vocabulary they are of")
    if vocabulary is not None and inside is not None:
        raise HeedfulError(f"the model has a vocabulary of its own, in {named(inside)}; give none")
    texts = vectorization_of(inside if vocabulary is None else vocabulary)
    if len(texts.words()) + 2 > len(parts.table):
        raise HeedfulError(
            f"the vocabulary has {len(texts.words()):,} words and two special tokens, and the "
            f"Embedding {len(parts.table):,} vectors; is it this model's vocabulary?"
        )
    return texts


def _fixed_length(model: Any, parts: Stages, texts: Vectorization) -> int | None:
    """Tokens of a text that the model takes; None = any number."""
    length = None if parts.vectorization else model.inputs[0].shape[-1]
    asked = texts.output_sequence_length
    if length is not None and asked is not None and asked != length:
        raise HeedfulError(
            f"the model takes texts of {length} tokens, and output_sequence_length is {asked}"
        )
    return length or asked


def _model(parts: Stages, texts: Vectorization, labels: Labels, limit: int | None) -> TextModel:
    """The same network in heedful, its weights in it."""
    import torch

    from heedful.learn.model import TextModel, number_of_logits
    from heedful.nn.classify import Classifier

    words = Vocabulary(texts.words())
    sizes = {"text.vocabulary": max(len(words), 5), "model.words": max(len(words), 5)}
    settings = parts.settings | texts.settings() | sizes | {"text.max_tokens": limit}
    config = apply(Config(), settings)
    network = Classifier(config.model, len(words), number_of_logits(labels)).eval()
    tensors = parts.tensors | {"embed.table.weight": _table(parts.table, len(words))}
    # Copies: arrays that a backend has lent may not be written to.
    network.load_state_dict({k: torch.tensor(v) for k, v in tensors.items()})
    return TextModel(config, labels, words, Tokenizer(config.text), network)


def _table(keras_table: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Keras' vectors (0 padding, 1 unknown, then words) under heedful's ids; zero for padding."""
    words = size - len(RESERVED)
    table = np.zeros((size, keras_table.shape[1]), np.float32)
    table[UNK] = keras_table[1]
    table[len(RESERVED) :] = keras_table[2 : 2 + words]
    return table


def _difference(model: Any, parts: Stages, made: TextModel, limit: int | None) -> float:
    """The largest one between the probabilities of both models on the same ids."""
    import torch

    from heedful.learn.model import inference, to_probabilities

    known = len(made.vocabulary) - len(RESERVED) + 2
    ids = made_up(known, limit)
    theirs = keras_probabilities(model, ids, made.task, parts.head.activation)
    ours_ids = torch.from_numpy(np.where(ids > UNK, ids + len(RESERVED) - 2, ids))
    with inference(made.network):
        logits = made.network.logits(ours_ids, ours_ids != 0)
    return check(theirs, to_probabilities(logits, made.task), coarse=parts.coarse)
