"""A pre-trained transformer in the run folder, and fingerprints of it.

No pickle: weights go into a safetensors file. What the run folder holds is a folder that the
transformers library reads as well.
"""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import nn

from heedful.config import Config, HfConfig
from heedful.learn.files import write_bytes, write_json
from heedful.learn.layout import (
    ENCODER_ABOUT,
    ENCODER_CONFIG,
    ENCODER_TOKENIZER,
    ENCODER_WEIGHTS,
)
from heedful.learn.pretrained import Pretrained, find, quiet, ready, require, suited
from heedful.learn.run import read_json
from heedful.nn.pretrained import PretrainedEncoder
from heedful.records import HeedfulError
from heedful.text.pieces import PieceTokenizer, Specials

PREFIX = "encode.tuned."
"""Of the transformer's weights among those of a network that learns them."""
_IDLE = frozenset(("_name_or_path", "transformers_version", "architectures", "dtype"))
"""What a transformer's settings say beside what it is."""


def save_body(encode: PretrainedEncoder, tokenizer: PieceTokenizer, hf: HfConfig, to: Path) -> None:
    """Write the transformer; with `hf.weights=reference` where to find it, and its hash."""
    tensors = {k: v.detach().cpu().contiguous() for k, v in encode.body.state_dict().items()}
    about: dict[str, Any] = {"specials": tokenizer.specials.to_json()}
    if hf.weights == "reference":
        about["weights"] = weights_hash(tensors)
    else:
        write_bytes(to / ENCODER_WEIGHTS, save(tensors, {"format": "pt"}))
    write_bytes(to / ENCODER_TOKENIZER, tokenizer.content.encode())
    settings: Any = encode.body.config
    told = json.loads(settings.to_json_string(use_diff=False))
    write_json(to / ENCODER_CONFIG, {k: v for k, v in told.items() if k != "_name_or_path"})
    write_json(to / ENCODER_ABOUT, about)


def load_body(folder: Path, config: Config) -> Pretrained:
    """The transformer of a run.

    Raises:
        HeedfulError: transformers is not installed; a file is missing or damaged; weights that the
            run only refers to are gone or others.
    """
    require()
    about = read_json(folder / ENCODER_ABOUT)
    try:
        content = (folder / ENCODER_TOKENIZER).read_text(encoding="utf-8")
        tokenizer = PieceTokenizer(config.text, content, Specials.from_json(about["specials"]))
        wanted = about.get("weights")
    except FileNotFoundError as error:
        raise HeedfulError(f"{error.filename} is missing; train the model again") from None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise HeedfulError(f"{folder} is damaged: {error!r}; train the model again") from None
    if wanted is not None:
        return Pretrained(_referred(config, wanted), tokenizer)
    return Pretrained(_saved(folder), tokenizer)


def _referred(config: Config, wanted: str) -> nn.Module:
    body = find(config).body
    if weights_hash(dict(body.state_dict())) != wanted:
        raise HeedfulError(
            f"hf:{config.hf.source} holds other weights than when the run was trained on them "
            "(hf.weights=reference); bring the old ones back, or train again"
        )
    return body


def _saved(folder: Path) -> nn.Module:
    with quiet(str(folder)):
        library: Any = import_module("transformers")
        about = library.AutoConfig.from_pretrained(str(folder), trust_remote_code=False)
        suited(about)
        with torch.random.fork_rng(devices=[]):
            body = ready(library.AutoModel.from_config(about, trust_remote_code=False))
        body.load_state_dict(load_file(str(folder / ENCODER_WEIGHTS)))
    return body


def fingerprint(body: nn.Module) -> str:
    """A hash of all that its states depend on: weights, and the settings of its network."""
    about: Any = body.config
    told = {k: v for k, v in about.to_dict().items() if k not in _IDLE}
    text = json.dumps([told, weights_hash(dict(body.state_dict()))], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def identity(found: Pretrained) -> str:
    """A hash of a transformer and its tokenizer."""
    cuts = [found.tokenizer.content, found.tokenizer.specials.to_json()]
    return hashlib.sha256(json.dumps([fingerprint(found.body), cuts]).encode()).hexdigest()


def weights_hash(tensors: dict[str, torch.Tensor]) -> str:
    """A hash of weights by name."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        values = tensors[name].detach().cpu().contiguous()
        digest.update(json.dumps([name, str(values.dtype), list(values.shape)]).encode())
        digest.update(values.view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
