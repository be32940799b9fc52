"""The run folder: a model on disk, without pickle.

What its files are: `learn.layout`. Every file is written beside its name and renamed. A
finished run is only ever replaced as a whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from heedful.config import Config, EvidenceConfig
from heedful.learn.card import model_card
from heedful.learn.files import finite, remove_parts, write_bytes, write_json
from heedful.learn.fit import Fitted
from heedful.learn.layout import (
    CARD,
    CONFIG,
    ENCODER,
    HISTORY,
    METRICS,
    OURS,
    TOKENIZER,
    WEIGHTS,
)
from heedful.learn.model import TextModel, number_of_logits
from heedful.learn.presence import kinds_of
from heedful.learn.pretrained import network_of
from heedful.learn.pretrained_folder import PREFIX, load_body, save_body
from heedful.learn.run import FORMAT, is_run, read_config, read_json
from heedful.nn.classify import Classifier
from heedful.nn.evidence import Evidence
from heedful.nn.pretrained import PretrainedEncoder
from heedful.records import Epoch, HeedfulError
from heedful.text.pieces import PieceTokenizer
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import Vocabulary


def save_model(model: TextModel, folder: Path, extra: Mapping[str, Any] | None = None) -> None:
    """Write config.json, tokenizer.json and model.safetensors, config.json last."""
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.network.state_dict().items()}
    encode = model.network.encode
    if isinstance(encode, PretrainedEncoder) and isinstance(model.tokenizer, PieceTokenizer):
        save_body(encode, model.tokenizer, model.config.hf, folder / ENCODER)
        tensors = {k: v for k, v in tensors.items() if not k.startswith(PREFIX)}
    write_bytes(folder / WEIGHTS, save(tensors, {"format": "pt"}))
    tokens = {"format": FORMAT, "vocabulary": model.vocabulary.to_json()}
    write_json(folder / TOKENIZER, tokens)
    write_json(folder / CONFIG, _config(model, extra or {}))


def _config(model: TextModel, extra: Mapping[str, Any]) -> dict[str, Any]:
    names = model.labels.names
    return {
        "format": FORMAT,
        "heedful": metadata.version("heedful"),
        "task": model.task,
        "id2label": {str(i): name for i, name in enumerate(names)},
        "decision": model.decision.to_json(),
        **model.config.to_json(),
        **extra,
    }


def save_run(
    fitted: Fitted,
    folder: Path,
    data: Mapping[str, Any],
    companions: Mapping[str, bytes],
    *,
    overwrite: bool = False,
) -> None:
    """Write a finished run. An older run in the folder is replaced as a whole.

    Args:
        fitted: the model and its training.
        folder: where to.
        data: facts about the training data, for config.json.
        companions: further files by name.
        overwrite: replace a finished run that lies there.

    Raises:
        HeedfulError: a finished run lies there and `overwrite` is off.
    """
    with staged(folder, overwrite=overwrite) as stage:
        _write_run(fitted, folder, stage, data, companions)


@contextmanager
def staged(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """A folder to write a run to, which afterwards stands in the place of `folder` as a whole.

    Raises:
        HeedfulError: a finished run lies there and `overwrite` is off.
    """
    if is_run(folder) and not overwrite:
        raise HeedfulError(f"{folder} already holds a finished run; use another --out")
    folder = folder.resolve()  # "." and links have no place beside them
    replacing = is_run(folder)
    remove_parts(folder)
    stage = folder.with_name(f".{folder.name}.new") if replacing else folder
    if replacing:
        shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True, exist_ok=True)
    yield stage
    if replacing:
        _swap(stage, folder)


def write_history(history: Iterable[Epoch], stage: Path) -> None:
    """One line an epoch."""
    lines = (json.dumps(finite(epoch.to_json()), allow_nan=False) + "\n" for epoch in history)
    write_bytes(stage / HISTORY, "".join(lines).encode())


def _write_run(
    fitted: Fitted,
    folder: Path,
    stage: Path,
    data: Mapping[str, Any],
    companions: Mapping[str, bytes],
) -> None:
    write_history(fitted.outcome.history, stage)
    figures = {"validation": fitted.validation, "best_epoch": fitted.outcome.best_epoch}
    write_json(stage / METRICS, figures)
    for name, content in companions.items():
        write_bytes(stage / name, content)
    facts = _facts(fitted, data)
    card = model_card(folder.resolve().name, _config(fitted.model, facts), figures)
    write_bytes(stage / CARD, card.encode("utf-8", "replace"))
    save_model(fitted.model, stage, facts)


def _facts(fitted: Fitted, data: Mapping[str, Any]) -> dict[str, Any]:
    learnt = fitted.pretraining
    return {
        "data": dict(data),
        **({"pretraining": learnt.to_json()} if learnt else {}),
        "stopped": fitted.outcome.reason,
        "parameters": sum(p.numel() for p in fitted.model.network.parameters()),
        "lengths": str(fitted.lengths),
    }


def _swap(stage: Path, folder: Path) -> None:
    """Put `stage` in the place of `folder`, keeping what the user added to it."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    new = {path.name for path in stage.iterdir()}
    for path in folder.iterdir():
        if path.name in OURS | new:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, stage / path.name, symlinks=True)
        else:
            shutil.copy2(path, stage / path.name, follow_symlinks=False)
    os.rename(folder, old)  # noqa: PTH104 - the pair of renames is the point
    os.rename(stage, folder)  # noqa: PTH104
    shutil.rmtree(old)


def load_model(folder: str | Path) -> TextModel:
    """The model of a run folder, on the processor.

    Raises:
        HeedfulError: no run there, a damaged file, or one of a newer format.
    """
    folder = Path(folder)
    config, labels, decision = read_config(folder)
    vocabulary = _read_vocabulary(folder / TOKENIZER)
    tokenizer, network = _untrained(folder, config, len(vocabulary), number_of_logits(labels))
    _load_weights(network, folder / WEIGHTS, config.evidence)
    return TextModel(config, labels, vocabulary, tokenizer, network.eval(), decision)


def _untrained(
    folder: Path, config: Config, size: int, classes: int
) -> tuple[Tokenizer, Classifier]:
    """Tokenizer and network, which has its own weights only of a pre-trained transformer."""
    if config.model.encoder != "hf":
        return Tokenizer(config.text), Classifier(config.model, size, classes)
    found = load_body(folder / ENCODER, config)
    return found.tokenizer, network_of(config, found, size, classes)


def _read_vocabulary(path: Path) -> Vocabulary:
    values = read_json(path)
    try:
        return Vocabulary.from_json(values["vocabulary"])
    except HeedfulError as error:
        raise HeedfulError(f"{path} cannot be used: {error}") from None
    except (KeyError, TypeError) as error:
        raise HeedfulError(f"{path} is damaged: {error!r}") from None


def _load_weights(network: Classifier, path: Path, evidence: EvidenceConfig) -> None:
    try:
        tensors = load_file(str(path))
        network.evidence = Evidence.from_tensors(
            tensors, "evidence.", kinds_of(evidence), evidence.length
        )
        held = {k: v for k, v in network.state_dict().items() if k.startswith(PREFIX)}
        network.load_state_dict(held | tensors)
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise HeedfulError(f"{path} cannot be read or does not fit config.json: {first}") from None
