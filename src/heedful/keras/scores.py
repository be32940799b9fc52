"""The score functions of `nn.attend` for one query a text, in operations of keras.ops.

Each is a function of weights by name, query (B, D) and keys (B, T, H) and gives scores (B, T);
a learned query has B = 1. Formulas and papers stand in `nn/attend.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from keras import ops

from heedful.keras.given import standard_dtype

Weights = Mapping[str, Any]
NARROW = ("float16", "bfloat16")


def shapes(
    score: str, query: int, key: int, width: int, depth: int, positions: int
) -> dict[str, tuple[int, ...]]:
    """The weights of a score by name, with their shapes; query and key are widths."""
    if score == "additive":
        found: dict[str, tuple[int, ...]] = {
            "key_kernel": (key, width),
            "key_bias": (width,),
            "query_kernel": (query, width),
        }
        for layer in range(1, depth):
            found |= {f"hidden_kernel_{layer}": (width, width), f"hidden_bias_{layer}": (width,)}
        return found | {"vector": (width, 1)}
    others: dict[str, dict[str, tuple[int, ...]]] = {
        "concat": {"joint_kernel": (query + key, width), "vector": (width, 1)},
        "general": {"kernel": (query, key)},
        "content": {"log_strength": ()},
        "location": {"table": (query, positions)},
    }
    return others.get(score, {})


def scores_of(score: str, weights: Weights, query: Any, keys: Any, activation: str) -> Any:
    """(B, T), or (1, T) where neither keys nor the query know the text; no mask, no softmax."""
    if score == "additive":
        return _additive(weights, query, keys, activation)
    return _PLAIN[score](weights, query, keys)


def _additive(weights: Weights, query: Any, keys: Any, activation: str) -> Any:
    act = ops.tanh if activation == "tanh" else ops.relu
    asked = ops.expand_dims(ops.matmul(query, weights["query_kernel"]), 1)  # (B, 1, W)
    values = act(asked + ops.matmul(keys, weights["key_kernel"]) + weights["key_bias"])
    layer = 1
    while f"hidden_kernel_{layer}" in weights:
        kernel, bias = weights[f"hidden_kernel_{layer}"], weights[f"hidden_bias_{layer}"]
        values = act(ops.matmul(values, kernel) + bias)
        layer += 1
    return ops.squeeze(ops.matmul(values, weights["vector"]), -1)


def _concat(weights: Weights, query: Any, keys: Any) -> Any:
    # W [q; k] = W_q q + W_k k: nothing has to be repeated for every token.
    width = query.shape[-1]
    asked = ops.expand_dims(ops.matmul(query, weights["joint_kernel"][:width]), 1)
    values = ops.tanh(asked + ops.matmul(keys, weights["joint_kernel"][width:]))
    return ops.squeeze(ops.matmul(values, weights["vector"]), -1)


def _general(weights: Weights, query: Any, keys: Any) -> Any:
    kernel = at_least_float32(weights["kernel"])
    return _dot(weights, ops.matmul(at_least_float32(query), kernel), keys)


def _dot(weights: Weights, query: Any, keys: Any) -> Any:
    # A product of states soon exceeds 65504, the most that float16 can say.
    query, keys = at_least_float32(query), at_least_float32(keys)
    return ops.squeeze(ops.matmul(keys, ops.expand_dims(query, -1)), -1)


def _scaled_dot(weights: Weights, query: Any, keys: Any) -> Any:
    return _dot(weights, query, keys) / math.sqrt(keys.shape[-1])


def _content(weights: Weights, query: Any, keys: Any) -> Any:
    # The smallest length that is told from zero is nothing in half precision.
    scores = _dot(weights, _unit(at_least_float32(query)), _unit(at_least_float32(keys)))
    return ops.exp(ops.cast(weights["log_strength"], scores.dtype)) * scores


def _unit(vectors: Any) -> Any:
    """x / max(|x|, 1e-8). Of the root itself the gradient at zero would be infinite."""
    squares = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors * ops.rsqrt(ops.maximum(squares, 1e-16))


def _location(weights: Weights, query: Any, keys: Any) -> Any:
    last = weights["table"].shape[-1] - 1
    places = ops.minimum(ops.arange(ops.shape(keys)[1], dtype="int32"), last)
    return ops.take(ops.matmul(query, weights["table"]), places, axis=-1)


def _uniform(weights: Weights, query: Any, keys: Any) -> Any:
    return ops.zeros_like(keys[:, :, 0])


_PLAIN: dict[str, Callable[[Weights, Any, Any], Any]] = {
    "concat": _concat,
    "general": _general,
    "dot": _dot,
    "scaled-dot": _scaled_dot,
    "content": _content,
    "location": _location,
    "uniform": _uniform,
}


def at_least_float32(values: Any) -> Any:
    """Half precision as float32: fine for products, too coarse for a softmax."""
    return ops.cast(values, "float32") if standard_dtype(values) in NARROW else values
