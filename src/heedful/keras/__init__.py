"""heedful for users of Keras 3: one layer for any backend, and conversion into run folders.

The one sub-package whose `__init__` names something: users write `heedful.keras.NAME`. No torch
here, except inside `convert`, which is loaded when first used.
"""

from typing import TYPE_CHECKING, Any

try:
    from heedful.keras.padding import ZeroPadding
    from heedful.keras.pooling import AttentionPooling
    from heedful.keras.vectorization import Vectorization
    from heedful.keras.weights import from_heedful, to_heedful
except ModuleNotFoundError as error:
    if error.name not in ("keras", "jax", "tensorflow", "torch"):
        raise
    raise ModuleNotFoundError(
        f"heedful.keras needs Keras and one of its backends, and {error.name} is not installed: "
        "pip install 'heedful[keras]', and the backend that KERAS_BACKEND names",
        name=error.name,
    ) from None

if TYPE_CHECKING:
    from heedful.keras.conversion import convert

__all__ = [
    "AttentionPooling",
    "Vectorization",
    "ZeroPadding",
    "convert",
    "from_heedful",
    "to_heedful",
]


def __getattr__(name: str) -> Any:
    if name != "convert":
        raise AttributeError(f"module 'heedful.keras' has no attribute {name!r}")
    from heedful.keras.conversion import convert

    return convert
