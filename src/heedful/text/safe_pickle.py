"""Reads the one pickle that NumPy writes for an array of lists of integers, and nothing else.

A pickle is a program. This unpickler gives it a few stand-ins that only remember what they
are told; no function of NumPy or of anything else can be named, so nothing can be run.
"""

from __future__ import annotations

import io
import pickle
from typing import Any


class RefusedError(Exception):
    """The pickle is not an array of lists of integers."""


class _Dtype:
    """Stands for numpy.dtype."""

    def __init__(self, *_: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array:
    """Stands for numpy.ndarray: remembers the state (version, shape, dtype, order, items)."""

    def __init__(self, *_: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _encode(*_: Any) -> bytes:
    """Stands for codecs.encode, with which protocol 2 spells the bytes of a type code."""
    return b""


_ALLOWED = {
    ("_codecs", "encode"): _encode,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise RefusedError(f"it asks for {module}.{name}, which no list of integers needs")
        return _ALLOWED[module, name]


def load_integer_lists(data: bytes) -> list[list[int]]:
    """The lists of non-negative integers in the pickle of a one-dimensional object array.

    Raises:
        RefusedError: for anything else, whatever is wrong with it.
    """
    try:
        array = _Unpickler(io.BytesIO(data)).load()
    except RefusedError:
        raise
    except Exception as error:  # a damaged pickle may raise nearly anything
        raise RefusedError(f"it cannot be read ({type(error).__name__})") from None
    state: Any = array.state if type(array) is _Array else None
    items = state[4] if isinstance(state, tuple) and len(state) == 5 else None
    if not isinstance(items, list) or not all(_is_ids(item) for item in items):
        raise RefusedError("it holds something else than lists of whole numbers")
    return list(items)


def _is_ids(item: Any) -> bool:
    return type(item) is list and all(type(i) is int and i >= 0 for i in item)
