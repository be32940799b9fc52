"""A network that rewrites as a picture: Embed -> Encode -> (Attend -> Decode) -> Write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from heedful.face.plots.graph import in_words, stages_svg

if TYPE_CHECKING:
    from heedful.learn.describe import Layer


def rewriter_svg(layers: Sequence[Layer]) -> str:
    """The network as one `<svg>`; the same layers give the same text.

    Args:
        layers: the rows of `heedful.learn.sequence_describe.describe_sequence`, in order.
    """
    alt = f"A text goes through {in_words(layers)}. Out comes a text, token by token."
    return stages_svg(layers, "text, token by token", "B texts of T tokens, U written", alt)
