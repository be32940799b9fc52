"""A convolution over tokens that leaves their vectors where they are in memory."""

from jaxtyping import Float
from torch import Tensor, nn


def convolve(convolution: nn.Conv1d, values: Float[Tensor, "B T E"]) -> Float[Tensor, "B T H"]:
    """What `convolution` makes of (B, E, T), with the axes of everything else.

    The tokens are taken for an image of height 1 whose channels stand last in memory, a layout
    that the libraries underneath know: nothing is copied to turn the axes round, forwards or
    backwards (bench/steps.py).
    """
    image = values.transpose(1, 2).unsqueeze(2)  # (B, E, 1, T)
    padding = convolution.padding
    if isinstance(padding, str):
        raise ValueError(f"a convolution padded by a number is wanted, not by {padding!r}")
    found = nn.functional.conv2d(
        image, convolution.weight.unsqueeze(2), convolution.bias, padding=(0, padding[0])
    )
    states: Tensor = found.squeeze(2).transpose(1, 2)
    return states
