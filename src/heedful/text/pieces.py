"""Word pieces of a pre-trained transformer's own tokenizer, with offsets in the user's text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from heedful.config import TextConfig
from heedful.records import HeedfulError, Token
from heedful.text.tokenize import Tokenizer, cut
from heedful.text.vocab import RESERVED, Encoded, Keep, Vocabulary

FIRST = len(RESERVED)
"""heedful's id of the model's piece 0: ids of pieces are the model's own, so much higher."""
TOGETHER = 512  # texts handed to the library at once
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Specials:
    """The model's own ids of what no text holds.

    Attributes:
        prefix, suffix: what its tokenizer puts before and after a text ([CLS], [SEP]).
        mask: what stands for a token that is taken away: the mask token, or the unknown one of a
            model without.
        unknown: the piece for what the tokenizer does not know; None = it knows everything.
    """

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    mask: int
    unknown: int | None

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Any) -> Specials:
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: damaged.
        """
        prefix, suffix = (tuple(map(int, values[name])) for name in ("prefix", "suffix"))
        unknown = values["unknown"]
        return cls(prefix, suffix, int(values["mask"]), None if unknown is None else int(unknown))


class PieceTokenizer(Tokenizer):
    """Cuts texts as the `tokenizers` library does by a tokenizer.json.

    What a text says of special tokens ("[SEP]") is text. Normalising (case, accents) is inside:
    offsets are those of the text as the user wrote it. A lone surrogate counts as U+FFFD.

    Args:
        config: `text.unit` is `piece`; nothing else of it is looked at.
        content: of tokenizer.json.
        specials: what the model puts around a text.

    Raises:
        HeedfulError: the content is no tokenizer.
    """

    def __init__(self, config: TextConfig, content: str, specials: Specials) -> None:
        self.config, self.content, self.specials = config, content, specials
        self._prepare()

    def _prepare(self) -> None:
        from tokenizers import Tokenizer as Library

        try:
            self._library = Library.from_str(self.content)
        except Exception as error:  # the library raises nothing narrower
            reason = " ".join(str(error).split())
            raise HeedfulError(f"the tokenizer cannot be read: {reason}") from None
        self._library.no_truncation()
        self._library.no_padding()
        self._library.encode_special_tokens = True

    def __getstate__(self) -> dict[str, Any]:
        return {"config": self.config, "content": self.content, "specials": self.specials}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.config, self.content = state["config"], state["content"]
        self.specials = state["specials"]
        self._prepare()

    def tokens(self, text: str) -> list[Token]:
        """The pieces of a text in order; `text[start:end]` of several never overlap.

        A character of which several pieces are made (a letter as bytes, a ligature) belongs to the
        last of them; the others are empty, and stand where it begins.
        """
        found = self._library.encode(_readable(text), add_special_tokens=False)
        spans = _disjoint([_trimmed(text, *span) for span in found.offsets])
        return [Token(form, *span) for form, span in zip(found.tokens, spans, strict=True)]

    def words(self, text: str) -> list[str]:
        """The pieces of a text as the model names them."""
        return list(self._library.encode(_readable(text), add_special_tokens=False).tokens)

    def runs(self, text: str) -> Sequence[str]:
        """The whole text: what a piece is may hang on what stands before it."""
        return [text]

    def forms(self, run: str) -> list[str]:
        """As `words`."""
        return self.words(run)

    def as_written(self) -> Tokenizer:
        """Itself: whether case counts is the model's affair."""
        return self

    def vocabulary(self) -> Vocabulary:
        """All pieces of the model, in the order of its ids."""
        known = self._library.get_vocab(with_added_tokens=True)
        pieces = [f"<no piece {i}>" for i in range(1 + max(known.values(), default=-1))]
        for piece, i in known.items():
            pieces[i] = piece
        return Vocabulary(pieces)

    def encode(self, texts: Iterable[str], max_tokens: int | None, keep: Keep) -> Encoded:
        """The texts as heedful's ids, see `FIRST`."""
        flats, lengths, unknown, lost = [], [], [], []
        for some in _groups(list(texts)):
            read = [_readable(text) for text in some]
            for found in self._library.encode_batch_fast(read, add_special_tokens=False):
                ids = np.array(found.ids, np.int32)
                kept = np.asarray(cut(ids, max_tokens, keep))
                flats.append(kept + np.int32(FIRST))
                lengths.append(len(kept))
                unknown.append(int((ids == self.specials.unknown).sum()))
                lost.append(len(ids) - len(kept))
        starts = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        flat = np.concatenate(flats) if flats else np.zeros(0, np.int32)
        return Encoded(flat, starts, np.array(unknown, np.int64), np.array(lost, np.int64))


def to_model(specials: Specials, size: int) -> np.ndarray:
    """(V,) the model's id of each of heedful's: the unknown token is the mask token.

    Args:
        specials: of the model.
        size: V, of the vocabulary.
    """
    ids = np.arange(size, dtype=np.int64) - FIRST
    ids[:FIRST] = specials.mask
    return ids


def specials_of(content: str, mask: int | None, unknown: int | None) -> Specials:
    """What a tokenizer.json puts around a text.

    Args:
        content: of the file.
        mask, unknown: ids that the model names so; None = it names none.

    Raises:
        HeedfulError: it is no tokenizer, or has neither mask nor unknown token.
    """
    plain = PieceTokenizer(TextConfig(unit="piece"), content, Specials((), (), 0, None))._library
    bare, dressed = (plain.encode("a", add_special_tokens=s).ids for s in (False, True))
    at = next(i for i in range(len(dressed) + 1) if dressed[i : i + len(bare)] == bare)
    stand_in = unknown if mask is None else mask
    if stand_in is None:
        added = json.loads(content).get("added_tokens") or [{"id": 0}]
        stand_in = int(added[0]["id"])
    return Specials(tuple(dressed[:at]), tuple(dressed[at + len(bare) :]), stand_in, unknown)


def _groups(texts: Sequence[str]) -> Iterable[Sequence[str]]:
    return (texts[start : start + TOGETHER] for start in range(0, len(texts), TOGETHER))


def _readable(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the white space at its ends, which some tokenizers count in."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _disjoint(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, none beginning before the one before it ends."""
    starts = list(accumulate((start for start, _ in spans), max))
    ends = list(accumulate((end for _, end in spans), max))
    limits = [*starts[1:], *ends[-1:]]
    found = zip(starts, ends, limits, strict=True)
    return [(start, max(start, min(end, limit))) for start, end, limit in found]
