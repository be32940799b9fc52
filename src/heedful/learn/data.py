"""Texts as ids, with their labels: what every kind of training reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.text.vocab import Encoded


@dataclass(frozen=True)
class Data:
    """Texts as ids and what is known of them.

    Attributes:
        encoded: the texts.
        targets: (N,) class indices or (N, C) zeros and ones.
        evidence: for each of `encoded.ids`, whether a person has marked it; None = not known.
    """

    encoded: Encoded
    targets: NDArray[Any]
    evidence: NDArray[np.bool_] | None = None
