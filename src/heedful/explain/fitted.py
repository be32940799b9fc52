"""The trained model inside whatever a user hands over."""

from __future__ import annotations

from typing import Any

from heedful.learn.model import TextModel
from heedful.records import HeedfulError


def model_of(model: Any, who: str) -> TextModel:
    """The TextModel of a fitted TextClassifier, or the TextModel itself.

    Raises:
        HeedfulError: anything else; `who` says which function wants one.
    """
    inner = model if isinstance(model, TextModel) else getattr(model, "model_", None)
    if not isinstance(inner, TextModel):
        raise HeedfulError(f"{who} needs a fitted TextClassifier; call fit or load first")
    return inner
