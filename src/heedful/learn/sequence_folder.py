"""The run folder of a network that rewrites sequences: as a classifier's, with two tokenizers.

What its files are: `learn.layout`. tokenizer.json holds `source` and `target`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from heedful.learn.files import write_bytes, write_json
from heedful.learn.folder import staged, write_history
from heedful.learn.layout import CARD, CONFIG, METRICS, TOKENIZER, WEIGHTS
from heedful.learn.run import FORMAT, SEQUENCE, read_json, read_sequence_config
from heedful.learn.sequence_card import sequence_card
from heedful.learn.sequence_fit import FittedSequence
from heedful.learn.sequence_model import SequenceModel
from heedful.nn.transduce import Transducer
from heedful.records import HeedfulError
from heedful.text.sequence import SequenceTokenizer


def save_sequence(
    model: SequenceModel, folder: Path, extra: Mapping[str, Any] | None = None
) -> None:
    """Write config.json, tokenizer.json and model.safetensors, config.json last."""
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.network.state_dict().items()}
    write_bytes(folder / WEIGHTS, save(tensors, {"format": "pt"}))
    sides = {"source": model.source.to_json(), "target": model.target.to_json()}
    write_json(folder / TOKENIZER, {"format": FORMAT, **sides})
    write_json(folder / CONFIG, _config(model, extra or {}))


def _config(model: SequenceModel, extra: Mapping[str, Any]) -> dict[str, Any]:
    about = {"format": FORMAT, "heedful": metadata.version("heedful"), "task": SEQUENCE}
    count = sum(p.numel() for p in model.network.parameters())
    return {**about, **model.config.to_json(), "parameters": count, **extra}


def save_sequence_run(
    fitted: FittedSequence,
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
        write_history(fitted.outcome.history, stage)
        figures = {"validation": fitted.validation, "best_epoch": fitted.outcome.best_epoch}
        write_json(stage / METRICS, figures)
        for name, content in companions.items():
            write_bytes(stage / name, content)
        facts = {"data": dict(data), "stopped": fitted.outcome.reason}
        card = sequence_card(folder.resolve().name, _config(fitted.model, facts), figures)
        write_bytes(stage / CARD, card.encode("utf-8", "replace"))
        save_sequence(fitted.model, stage, facts)


def load_sequence(folder: str | Path) -> SequenceModel:
    """The model of a run folder, on the processor.

    Raises:
        HeedfulError: no run that rewrites sequences there, a damaged file, or a newer format.
    """
    folder = Path(folder)
    config = read_sequence_config(folder)
    source, target = _read_tokenizers(folder / TOKENIZER)
    network = Transducer(config.model, config.sequence, len(source), len(target))
    path = folder / WEIGHTS
    try:
        network.load_state_dict(load_file(str(path)))
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise HeedfulError(f"{path} cannot be read or does not fit config.json: {first}") from None
    return SequenceModel(config, source, target, network.eval())


def _read_tokenizers(path: Path) -> tuple[SequenceTokenizer, SequenceTokenizer]:
    values = read_json(path)
    try:
        sides = [SequenceTokenizer.from_json(values[side]) for side in ("source", "target")]
    except HeedfulError as error:
        raise HeedfulError(f"{path} cannot be used: {error}") from None
    except (KeyError, TypeError) as error:
        raise HeedfulError(f"{path} is damaged: {error!r}") from None
    return sides[0], sides[1]
