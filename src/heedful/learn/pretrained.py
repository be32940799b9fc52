"""A pre-trained transformer: found, read, made a part of a network.

No pickle, and no code of others: weights come from safetensors files alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import nn

from heedful.config import Config
from heedful.learn.layout import ENCODER_CONFIG
from heedful.nn.classify import Classifier
from heedful.nn.dropout import Dropout
from heedful.nn.pretrained import PretrainedEmbed, PretrainedEncoder, Reader
from heedful.records import HeedfulError
from heedful.text.pieces import PieceTokenizer, specials_of, to_model

_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop")
USUAL_POSITIONS = 512
NAMED = "; a name must be in the hub's cache, or the hub be within reach and HF_HUB_OFFLINE not set"


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A transformer and its tokenizer.

    Attributes:
        body: the transformer.
        tokenizer: its own.
    """

    body: nn.Module
    tokenizer: PieceTokenizer


def require() -> None:
    """Raise HeedfulError where the transformers library is not installed."""
    if find_spec("transformers") is None:
        raise HeedfulError(
            "a pre-trained transformer (hf:) needs transformers, which is not installed: "
            "pip install 'heedful[hf]'"
        )


def check_source(config: Config) -> None:
    """Raise HeedfulError for what can be seen to be wrong before any data are read."""
    if config.model.encoder == "hf":
        require()
        _place(_source(config))


def _source(config: Config) -> str:
    if config.hf.source is None:
        raise HeedfulError("which transformer? give it with --encoder hf:PATH_OR_NAME")
    return config.hf.source


def find(config: Config) -> Pretrained:
    """The transformer that the settings name, from its folder, the hub's cache or the hub.

    Raises:
        HeedfulError: transformers is not installed; there is no such model, or none of a kind that
            reads a text into states.
    """
    require()
    source = _source(config)
    place = _place(source)
    named = "" if Path(place).is_dir() else NAMED
    with quiet(f"hf:{source}", named):
        library: Any = import_module("transformers")
        about = library.AutoConfig.from_pretrained(place, trust_remote_code=False)
        _check_kind(about, source)
        suited(about)
        words = library.AutoTokenizer.from_pretrained(place, config=about, trust_remote_code=False)
        body, told = library.AutoModel.from_pretrained(
            place,
            config=about,
            use_safetensors=True,
            dtype=torch.float32,
            trust_remote_code=False,
            output_loading_info=True,
        )
    _check_whole(told["missing_keys"], source)
    rules = getattr(words, "backend_tokenizer", None)
    if rules is None:
        raise HeedfulError(f"hf:{source} has no tokenizer.json, nor one that can be made of it")
    content = rules.to_str()
    specials = specials_of(content, words.mask_token_id, words.unk_token_id)
    tokenizer = PieceTokenizer(config.text, content, specials)
    return Pretrained(ready(body), tokenizer)


def _place(source: str) -> str:
    """The folder, or the name on the hub.

    Raises:
        HeedfulError: it is written as a path, and there is no such folder.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        if not (path / ENCODER_CONFIG).is_file():
            raise HeedfulError(f"hf:{source} holds no {ENCODER_CONFIG}; name a model's own folder")
        return str(path)
    if path.is_file():
        raise HeedfulError(f"hf:{source} is a file; name the folder of the model")
    if source.startswith((".", "/", "~", "\\")) or source.count("/") > 1:
        raise HeedfulError(f"hf:{source}: there is no such folder")
    return source


@contextlib.contextmanager
def quiet(what: str, hint: str = "") -> Iterator[None]:
    """The library without its bars and reports; what it raises in one line."""
    logging: Any = import_module("transformers.utils.logging")
    hub: Any = import_module("huggingface_hub.utils")
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    hub.disable_progress_bars()
    try:
        yield
    except HeedfulError:
        raise
    except Exception as error:  # the library raises anything, at files that others wrote
        first = (str(error).strip() or type(error).__name__).splitlines()[0].strip()
        raise HeedfulError(f"{what} cannot be read ({first}){hint}") from None
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _check_kind(about: Any, source: str) -> None:
    if getattr(about, "is_encoder_decoder", False):
        raise HeedfulError(
            f"hf:{source} is an encoder with a decoder ({about.model_type}); name a model that "
            "only encodes, such as BERT or RoBERTa"
        )
    if not isinstance(getattr(about, "hidden_size", None), int):
        raise HeedfulError(f"hf:{source} ({about.model_type}) is no transformer that reads texts")


def _check_whole(missing: Collection[str], source: str) -> None:
    """Raise HeedfulError for weights that are not there: the library would draw them at random."""
    lacking = sorted(name for name in missing if not name.startswith("pooler."))  # not used
    if lacking:
        raise HeedfulError(
            f"hf:{source} lacks {len(lacking):,} of the weights that its {ENCODER_CONFIG} speaks "
            f"of, {lacking[0]} for one"
        )


def suited(about: Any) -> None:
    """Drop-out inside attention draws where no seed of a thread reaches: it is off.

    So is what models that write keep for their next token, what a model may give out beside its
    last states, and who else's program is to work out its attention.
    """
    about.use_cache = about.output_attentions = about.output_hidden_states = False
    about.return_dict = True
    about._attn_implementation = None
    for name in _ATTENTION_DROPOUT:
        if hasattr(about, name):
            setattr(about, name, 0.0)


def ready(body: nn.Module) -> nn.Module:
    """In float32, without what heedful does not use, drop-out drawn as everywhere in heedful."""
    if isinstance(getattr(body, "pooler", None), nn.Module):
        setattr(body, "pooler", None)  # noqa: B010 - the type has no such part
    for module in list(body.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, Dropout(child.p))
    return body.float().eval()


def positions(body: nn.Module, around: int) -> int:
    """How many tokens of a text it reads at once, beside `around` that stand about them."""
    about: Any = body.config
    for name, module in body.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # RoBERTa counts from the place after that of padding.
            skipped = 0 if module.padding_idx is None else module.padding_idx + 1
            return int(module.num_embeddings) - skipped - around
    known = getattr(about, "max_position_embeddings", None) or USUAL_POSITIONS
    return int(known) - around


def network_of(config: Config, found: Pretrained, size: int, classes: int) -> Classifier:
    """A classifier with the transformer in it, its other weights as the global generator draws.

    Args:
        config: all settings.
        found: the transformer.
        size: V, of the vocabulary.
        classes: C, the number of logits.

    Raises:
        HeedfulError: a window that it has no positions for.
    """
    hf, specials = config.hf, found.tokenizer.specials
    most = positions(found.body, len(specials.prefix) + len(specials.suffix))
    if most < 1:
        raise HeedfulError(f"hf:{hf.source} has no positions for the tokens of a text")
    if hf.positions is not None and hf.positions > most:
        raise HeedfulError(
            f"hf.positions={hf.positions} is more than the {most} tokens it can read"
        )
    rate = config.train.learning_rate
    encode = PretrainedEncoder(
        found.body,
        (specials.prefix, specials.suffix),
        hf.positions or most,
        hf.overlap,
        config.model.encoder_dropout[0],
        (hf.tune_rate / rate if rate else 1.0) if hf.tune else None,
    )
    pieces = torch.from_numpy(to_model(specials, size))
    pieces[pieces >= len(encode.table.weight)] = specials.mask  # pieces without a vector
    embed = PretrainedEmbed(encode.kept, pieces, config.model.word_dropout)
    return Classifier(config.model, size, classes, Reader(embed, encode))
