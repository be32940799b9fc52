"""A fingerprint of what is learnt from, so that workers can tell that theirs is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.config import Config


def digest(config: Config, words: Iterable[str], arrays: Iterable[NDArray[Any]]) -> str:
    """64 hexadecimal digits of all settings, a vocabulary and some arrays."""
    found = hashlib.sha256(json.dumps([config.to_json(), list(words)]).encode())
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()
