"""AttentionPooling: the attention of heedful as one Keras layer, for any backend."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from heedful.config import SCORES
from heedful.keras.final import final_state, last_state
from heedful.keras.given import as_float, real_tokens
from heedful.keras.scores import at_least_float32, scores_of, shapes
from heedful.records import HeedfulError

QUERIES = ("learned", "final", "last", "input")
ALIKE = ("dot", "scaled-dot", "content")
_LOWEST = float(np.finfo(np.float32).min)


@keras.saving.register_keras_serializable(package="heedful")
class AttentionPooling(keras.layers.Layer):
    """One vector for each text: sum_t a_t h_t, a = softmax over its real tokens of their scores.

    The same function as heedful's own (`nn.attend.attend` with one query), on the same weights.

    Args:
        score: additive, concat, general, dot, scaled-dot, content, location or uniform.
        width: of the hidden layer of the additive and the concat score.
        depth: hidden layers of the additive score.
        activation: of the additive score, tanh or relu.
        query: what asks. `learned`: a vector of weights. `final`: the final states of both halves
            of a Bidirectional layer, which are the forward half at the last real token and the
            backward half at the first. `last`: the state of the last real token. `input`: what is
            passed along, called as `pool([query, states])`.
        positions: of the location score, which counts places from the first, padding included (so
            keep that on the right); what stands further back shares the last one.

    Call arguments:
        inputs: states (B, T, H), or with query="input" a list of query (B, D) and states.
        mask: (B, T), True = real; None = the mask that Keras hands on with the states, and if
            there is none, all are real. A text without real tokens gives zeros.
        return_attention_scores: also return the weights.

    Returns:
        (B, H), and with `return_attention_scores` weights (B, T): >= 0, 0 on padding, sum 1.

    Raises:
        HeedfulError: an unknown name, a width or depth below 1, a query of another width than
            the states for a score that compares them, inputs of another kind, a mask of another
            shape.
    """

    def __init__(
        self,
        score: str = "additive",
        width: int = 64,
        depth: int = 1,
        activation: str = "tanh",
        query: str = "learned",
        positions: int = 512,
        *,
        name: str | None = None,
        dtype: Any = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, dtype=dtype, trainable=trainable)
        _check_name("score", score, SCORES)
        _check_name("activation", activation, ("tanh", "relu"))
        _check_name("query", query, QUERIES)
        for what, number in (("width", width), ("depth", depth), ("positions", positions)):
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise HeedfulError(f"AttentionPooling: {what}={number!r}; give a whole number >= 1")
        self.score, self.width, self.depth, self.activation = score, width, depth, activation
        self.query, self.positions = query, positions
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Weights for states of this shape."""
        asked, states = self._split(input_shape, _is_shape)
        key = states[-1]
        if len(states) != 3 or key is None:
            raise HeedfulError(
                f"{self.name}: it pools states (batch, tokens, width), and these are "
                f"{tuple(states)}; does the layer before have return_sequences=True?"
            )
        if asked is not None and len(asked) != 2:
            raise HeedfulError(
                f"{self.name}: its query is to be (batch, width), one for each text, and this is "
                f"{tuple(asked)}"
            )
        width = key if asked is None else asked[-1]
        if self.score in ALIKE and width != key:
            raise HeedfulError(
                f"{self.name}: score={self.score!r} compares vectors of one width, and the query "
                f"has {width}, the states {key}; project one of them or take score='general'"
            )
        if self.query == "final" and key % 2:
            raise HeedfulError(
                f"{self.name}: query='final' is for the two halves of a Bidirectional layer, and "
                f"{key} is odd; take query='last'"
            )
        sizes = shapes(self.score, width, key, self.width, self.depth, self.positions)
        self.parts = {name: self._weight(name, shape) for name, shape in sizes.items()}
        if self.query == "learned":
            small = keras.initializers.RandomNormal(stddev=0.1)
            self.learned = self.add_weight(name="query", shape=(key,), initializer=small)
        self.built = True

    def _weight(self, name: str, shape: tuple[int, ...]) -> Any:
        start = "glorot_uniform" if len(shape) == 2 else "zeros"
        return self.add_weight(name=name, shape=shape, initializer=start)

    def call(self, inputs: Any, mask: Any = None, return_attention_scores: bool = False) -> Any:
        """See the class."""
        asked, states = (
            as_float(part, self.compute_dtype) for part in self._split(inputs, ops.is_tensor)
        )
        if self.query == "input" and isinstance(mask, list | tuple) and len(mask) == 2:
            mask = mask[-1]  # Keras hands on one for each input
        real = real_tokens(mask, states, self.name)
        # Padding may hold anything, and 0 x inf is NaN: it is cleared before any product.
        clean = ops.where(ops.expand_dims(real, -1), states, ops.zeros_like(states))
        query = self._asking(asked, clean, real)
        scores = scores_of(self.score, self.parts, query, clean, self.activation)
        scores = ops.where(real, at_least_float32(scores), _LOWEST)
        # A finite filler: a row without real tokens stays finite, and so does its gradient.
        weights = ops.softmax(scores, axis=-1) * ops.cast(real, scores.dtype)
        weights = ops.cast(weights, states.dtype)
        context = ops.squeeze(ops.matmul(ops.expand_dims(weights, 1), clean), 1)
        context = ops.cast(context, states.dtype)  # Keras multiplies float64 as float32
        return (context, weights) if return_attention_scores else context

    def _asking(self, asked: Any, states: Any, real: Any) -> Any:
        """The query, (B, D) or (1, D)."""
        if self.query == "learned":
            return ops.expand_dims(ops.cast(self.learned, states.dtype), 0)
        if self.query == "input":
            return asked
        return (final_state if self.query == "final" else last_state)(states, real)

    def _split(self, inputs: Any, one: Any) -> tuple[Any, Any]:
        """What was passed as query, if anything, and the states; of tensors or of shapes."""
        single = one(inputs)
        if self.query == "input" and not single and len(inputs) == 2:
            return inputs[0], inputs[1]
        if self.query != "input" and single:
            return None, inputs
        wanted = "[query, states]" if self.query == "input" else "the states alone"
        raise HeedfulError(f"{self.name}: with query={self.query!r} it is called on {wanted}")

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: there are no tokens any more."""
        return

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(B, H) of the context."""
        _, states = self._split(input_shape, _is_shape)
        return (states[0], states[-1])

    def compute_output_spec(
        self, inputs: Any, mask: Any = None, return_attention_scores: bool = False
    ) -> Any:
        """Symbolic tensors in the place of what `call` returns."""
        _, states = self._split(inputs, lambda found: hasattr(found, "shape"))
        context = keras.KerasTensor((states.shape[0], states.shape[-1]), dtype=self.compute_dtype)
        if not return_attention_scores:
            return context
        return context, keras.KerasTensor(tuple(states.shape[:2]), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """What `from_config` makes the same layer of."""
        own = ("score", "width", "depth", "activation", "query", "positions")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


def _is_shape(found: Any) -> bool:
    """Whether it is one shape and no list of them."""
    return all(size is None or isinstance(size, int) for size in found)


def _check_name(what: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise HeedfulError(f"AttentionPooling: unknown {what} {name!r}; known: {', '.join(known)}")
