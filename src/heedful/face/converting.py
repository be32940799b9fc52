"""`heedful convert`: a model trained in Keras as a run folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedful.face.console import note
from heedful.records import HeedfulError


@dataclass(frozen=True)
class Texts:
    """How texts became ids.

    Attributes:
        vocabulary: a file of tokens; None where the model holds them.
        standardize: as TextVectorization's, `none` for None.
        split: as TextVectorization's.
        max_tokens: its output_sequence_length.
    """

    vocabulary: str | None
    standardize: str
    split: str
    max_tokens: int | None


def run_convert(model: str, out: str, labels: str, texts: Texts, *, overwrite: bool) -> None:
    """Load, convert, check, write; say how far the two models are apart.

    Raises:
        HeedfulError: Keras is not installed, a file cannot be read, the model cannot be expressed.
    """
    if not out:
        raise HeedfulError("--out is empty; name a folder for the run")
    names = _lines(labels)
    tokens = None if texts.vocabulary is None else _lines(texts.vocabulary)
    try:  # the backend that is there whenever a run can be written
        os.environ.setdefault("KERAS_BACKEND", "torch")
        import heedful.keras as bridge
    except ModuleNotFoundError as error:
        if error.name == "torch":
            raise
        raise HeedfulError(str(error)) from None
    vocabulary = None
    if tokens is not None:
        standardize = None if texts.standardize == "none" else texts.standardize
        vocabulary = bridge.Vectorization(tokens, standardize, texts.split, texts.max_tokens)
    loaded = _load(Path(model))
    made = bridge.convert(loaded, out, labels=names, vocabulary=vocabulary, overwrite=overwrite)
    if made.unused > 0:
        note(f"{made.unused:,} vectors of the model have no token in the vocabulary; left out")
    note(f"{made.folder} says what {model} says: probabilities differ by {made.difference:.1g}")


def _load(path: Path) -> Any:
    """The model in a .keras file, whose own code is never run."""
    import keras

    if not path.is_file():
        raise HeedfulError(f"{path} does not exist" if not path.exists() else f"{path} is no file")
    if path.suffix != ".keras":
        raise HeedfulError(
            f"{path} is no .keras file; save the model with model.save('NAME.keras')"
        )
    for whole in (True, False):  # without its loss, if that is of the user's own making
        try:
            return keras.saving.load_model(path, compile=whole, safe_mode=True)
        except (HeedfulError, MemoryError):
            raise
        except Exception as error:  # whatever is wrong with the file, in whatever part of Keras
            said = " ".join(str(error).split())[:300]
    if "TextVectorization requires TensorFlow" in said:
        raise HeedfulError(
            f"{path} begins with a TextVectorization, which Keras makes with TensorFlow alone: pip "
            "install tensorflow beside PyTorch, or save the layers behind it and pass --vocabulary"
        )
    raise HeedfulError(f"{path} cannot be loaded by Keras: {said}")


def _lines(name: str) -> list[str]:
    """The lines of a text file, or the texts of a JSON list.

    Raises:
        HeedfulError: it cannot be read, or is no list of texts.
    """
    path = Path(name)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        found = json.loads(text) if path.suffix == ".json" else None
    except OSError as error:
        raise HeedfulError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise HeedfulError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    if path.suffix != ".json":
        # Tokens may hold other separators of lines, such as U+2028.
        return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise HeedfulError(f"{path} holds no JSON list of texts")
    return found
