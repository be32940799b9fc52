"""How texts became ids in Keras, and the settings with which heedful does the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from heedful.keras.chain import named
from heedful.records import HeedfulError
from heedful.text.spaced import Spaced

SPECIAL = ("", "[UNK]")
STANDARDS = (None, "lower", "strip_punctuation", "lower_and_strip_punctuation")
SPLITS = ("whitespace", "character")


@dataclass(frozen=True)
class Vectorization:
    """What a keras.layers.TextVectorization does, by the names of its arguments.

    The layer itself needs TensorFlow on any backend; this does not, and gives the same ids.

    Attributes:
        vocabulary: the tokens by id from 2 on, or as `get_vocabulary()` gives them, with the two
            special ones ('' for padding, '[UNK]') in front.
        standardize: lower_and_strip_punctuation, lower, strip_punctuation or None.
        split: whitespace or character.
        output_sequence_length: tokens that are read of a text; None = all.

    Raises:
        HeedfulError: on making one with other names, or with a vocabulary that holds a token twice
            or a special one among the others.
    """

    vocabulary: Sequence[str]
    standardize: str | None = "lower_and_strip_punctuation"
    split: str = "whitespace"
    output_sequence_length: int | None = None

    def __post_init__(self) -> None:
        for what, value, known in (
            ("standardize", self.standardize, STANDARDS),
            ("split", self.split, SPLITS),
        ):
            if value not in known:
                raise HeedfulError(
                    f"vectorization: {what}={value!r} cannot be converted; "
                    f"{', '.join(map(str, known))} can"
                )
        if self.split == "character" and self.standardize is not None:
            raise HeedfulError(
                f"vectorization: split='character' with standardize={self.standardize!r} cannot be "
                "converted, since heedful folds the case of all letters and Keras of a to z alone; "
                "standardize=None can"
            )
        length = self.output_sequence_length
        whole = isinstance(length, int) and not isinstance(length, bool)
        if length is not None and not (whole and length >= 1):
            raise HeedfulError(f"vectorization: output_sequence_length={length!r}; give 1 or more")
        self._check_words()

    @classmethod
    def adapt(
        cls,
        texts: Iterable[str],
        max_tokens: int | None = None,
        output_sequence_length: int | None = None,
    ) -> Vectorization:
        """The most frequent words of the texts, as the layer's `adapt` finds them.

        Args:
            texts: to count words in.
            max_tokens: tokens kept, the two special ones included; None = all.
            output_sequence_length: see the class.

        Raises:
            HeedfulError: there is no word in the texts.
        """
        texts = _several(texts)
        cut = Spaced(lowercase=True, punctuation=False)
        counts = Counter(
            form for text in texts for run in cut.runs(text) for form in cut.forms(run)
        )
        # Of equally frequent words the layer takes the last in the alphabet first.
        ordered = sorted(counts, key=lambda word: (counts[word], word), reverse=True)
        kept = None if max_tokens is None else max(max_tokens - 2, 0)
        return cls(tuple(ordered[:kept]), output_sequence_length=output_sequence_length)

    def __call__(self, texts: Iterable[str]) -> NDArray[np.int64]:
        """The ids of texts (N, T), padded with 0 on the right."""
        place = {word: i for i, word in enumerate(self.words(), start=2)}
        length = self.output_sequence_length
        rows = [
            [place.get(word, 1) for word in self._cut(text)][:length] for text in _several(texts)
        ]
        width = max(map(len, rows), default=0) if length is None else length
        ids = np.zeros((len(rows), width), np.int64)
        for row, found in zip(ids, rows, strict=True):
            row[: len(found)] = found
        return ids

    def _cut(self, text: str) -> list[str]:
        if self.split == "character":
            return list(text)
        standard = self.standardize or ""
        spaced = Spaced(lowercase="lower" in standard, punctuation="strip" not in standard)
        return [form for run in spaced.runs(text) for form in spaced.forms(run)]

    def _check_words(self) -> None:
        if isinstance(self.vocabulary, str):
            raise HeedfulError("the vocabulary is to be a list of tokens, not one text")
        words = self.words()
        for word in words:
            if not isinstance(word, str):
                raise HeedfulError(f"the vocabulary holds {word!r}, which is no text")
        if not words:
            raise HeedfulError("the vocabulary is empty; give what get_vocabulary() returns")
        if len(set(words)) < len(words):
            twice, _ = Counter(words).most_common(1)[0]
            raise HeedfulError(f"the vocabulary holds {twice!r} twice; each token needs one id")
        misplaced = next((word for word in SPECIAL if word in set(words)), None)
        if misplaced is not None:
            raise HeedfulError(
                f"the vocabulary holds {misplaced!r} among its words; it may begin with '' and "
                "'[UNK]', which are padding and the unknown word, and hold them nowhere else"
            )

    def words(self) -> list[str]:
        """The tokens from id 2 on."""
        tokens = list(self.vocabulary)
        return tokens[2:] if tuple(tokens[:2]) == SPECIAL else tokens

    def settings(self) -> dict[str, Any]:
        """heedful's settings under which texts become the same tokens."""
        standard = self.standardize or ""
        return {
            "text.unit": "whitespace" if self.split == "whitespace" else "character",
            "text.lowercase": "lower" in standard,
            "text.punctuation": "strip" not in standard,
            "text.min_frequency": 1,
            "text.max_tokens": self.output_sequence_length,
        }


def vectorization_of(given: Any) -> Vectorization:
    """From a Vectorization, a TextVectorization layer or a list of tokens.

    A list counts as that of a TextVectorization whose other arguments were left alone.

    Raises:
        HeedfulError: a layer that does what heedful does not, or something else.
    """
    if isinstance(given, Vectorization):
        return given
    if isinstance(given, keras.layers.TextVectorization):
        return _of_layer(given)
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        return Vectorization(given)
    raise HeedfulError(
        "the vocabulary is to be a TextVectorization layer, a Vectorization or a list of tokens, "
        f"not {type(given).__name__}"
    )


def _several(texts: Iterable[str]) -> Iterable[str]:
    """The texts; one alone would count as a list of its characters."""
    if isinstance(texts, str):
        raise HeedfulError("give a list of texts: [text] for one")
    return texts


def _of_layer(layer: Any) -> Vectorization:
    config = layer.get_config()
    for setting, wanted in (("ngrams", None), ("output_mode", "int")):
        if config[setting] != wanted:
            raise HeedfulError(
                f"{named(layer)}: {setting}={config[setting]!r} cannot be converted, {wanted!r} can"
            )
    for setting, known in (("standardize", STANDARDS), ("split", SPLITS)):
        if config[setting] not in known:
            raise HeedfulError(
                f"{named(layer)}: {setting} is {config[setting]!r}, which cannot be converted; "
                f"{', '.join(map(str, known))} can"
            )
    return Vectorization(
        layer.get_vocabulary(),
        config["standardize"],
        config["split"],
        config["output_sequence_length"],
    )
