"""Which words stand as their shape in frames, and what shape they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from heedful.config import Config
from heedful.text.shapes import SHAPES, shape_of
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import UNK, Vocabulary

Ints = NDArray[np.int64]


def reads_shapes(config: Config) -> bool:
    """Whether an unknown word's id is to tell its shape (`text.vocab.encode`)."""
    return bool(config.evidence.orders and config.evidence.frames)


def usual_shapes(texts: Iterable[str], tokenizer: Tokenizer, vocabulary: Vocabulary) -> Ints:
    """(V,) the place in `SHAPES` of the shape that each word has most often in the texts.

    -1 for marks and for words that do not occur. Of equally frequent shapes the first counts.
    """
    written, fold = tokenizer.as_written(), tokenizer.config.lowercase
    counts = np.zeros((len(vocabulary), len(SHAPES)), np.int64)
    for run, times in Counter(run for text in texts for run in written.runs(text)).items():
        for word in written.forms(run):
            shape = shape_of(word)
            if shape is not None:
                counts[vocabulary.id(word.lower() if fold else word), shape] += times
    counts[UNK] = 0
    return np.where(counts.any(axis=1), counts.argmax(axis=1), -1)


def frame_table(ids: NDArray[np.int32], usual: Ints, rare: int) -> NDArray[np.int32]:
    """(V + S,) what stands in a frame for each id: the word, or the id of its shape if it is rare.

    Args:
        ids: of all tokens of the training texts.
        usual: (V,) as `usual_shapes` gives it.
        rare: a word that stands fewer times in `ids` is rare.
    """
    size = len(usual)
    table = np.arange(size + len(SHAPES), dtype=np.int32)
    seldom = (np.bincount(ids, minlength=len(table))[:size] < rare) & (usual >= 0)
    table[:size][seldom] = size + usual[seldom]
    return table
