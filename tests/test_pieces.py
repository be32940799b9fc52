"""Word pieces on the user's own characters."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.config import TextConfig
from heedful.records import HeedfulError
from heedful.text.pieces import FIRST, PieceTokenizer, Specials, _disjoint, specials_of, to_model
from heedful.text.vocab import PAD, UNK
from made_transformers import SPECIAL, WORDS, byte_pieces, word_pieces

CONFIG = TextConfig(unit="piece")


def cutter(content: str, mask: int, unknown: int) -> PieceTokenizer:
    return PieceTokenizer(CONFIG, content, specials_of(content, mask, unknown))


WORD = cutter(word_pieces(), 4, 1)
BYTE = cutter(byte_pieces(), 4, 3)


def spans(tokenizer: PieceTokenizer, text: str) -> list[tuple[str, str]]:
    return [(token.text, text[token.start : token.end]) for token in tokenizer.tokens(text)]


def test_pieces_lie_on_the_users_characters_whatever_the_normaliser_makes_of_them() -> None:
    text = "  UnBelievables, CAFE\u0301S\x07!"
    assert spans(WORD, text) == [
        ("un", "Un"), ("##believ", "Believ"), ("##able", "able"), ("##s", "s"), (",", ","),
        ("caf", "CAF"), ("##es", "E\u0301S"), ("!", "!"),
    ]  # fmt: skip


def test_a_character_made_of_several_pieces_belongs_to_the_last_of_them() -> None:
    text = "a😀 film"
    assert [part for _, part in spans(BYTE, text)] == ["a", "", "", "", "😀", "film"]
    starts = [token.start for token in BYTE.tokens(text)]
    assert starts == [0, 1, 1, 1, 1, 3], "the empty ones stand where the character begins"


def test_spans_that_overlap_are_cut_where_the_next_begins() -> None:
    assert _disjoint([(0, 3), (2, 5), (2, 5), (6, 7)]) == [(0, 2), (2, 2), (2, 5), (6, 7)]
    assert _disjoint([(4, 6), (1, 3)]) == [(4, 4), (4, 6)]
    assert _disjoint([]) == []


MIXED = "Unbelievables film ﬁ é\u0301 😀👩\u200d👩\u200d👧 İßΣ漢字 ไทย \u200b\x00\ud800[MASK]</s>"
ODD = st.text(st.one_of(st.sampled_from(MIXED), st.characters()), max_size=30)


@settings(max_examples=40)
@given(ODD)
def test_pieces_are_ordered_disjoint_and_as_many_as_ids(text: str) -> None:
    for tokenizer in (WORD, BYTE):
        tokens, encoded = tokenizer.tokens(text), tokenizer.encode([text], None, "first")
        assert [token.text for token in tokens] == tokenizer.words(text)
        assert [tokenizer.vocabulary().token(i) for i in encoded.ids] == tokenizer.words(text)
        place = 0
        for token in tokens:
            assert place <= token.start <= token.end <= len(text)
            place = token.end


def test_what_a_text_says_of_special_tokens_is_text() -> None:
    assert WORD.words("[SEP][MASK]") == ["[", "sep", "]", "[", "mask", "]"]
    assert BYTE.words("</s>") == ["<", "/", "s", ">"]


def test_ids_are_the_models_own_moved_up_and_nothing_is_cut_unasked() -> None:
    text = "the film was unbelievable zzz"
    ids = [SPECIAL.index("[UNK]") if w == "?" else 5 + WORDS.index(w)
           for w in ("the", "film", "was", "un", "##believ", "##able", "?")]  # fmt: skip
    encoded = WORD.encode([text, "", text], None, "first")
    assert (encoded[0] - FIRST).tolist() == ids and len(encoded[1]) == 0
    assert encoded.unknown.tolist() == [1, 0, 1] and not encoded.cut.any()
    short = WORD.encode([text], 3, "both")
    assert (short[0] - FIRST).tolist() == [ids[0], ids[1], ids[-1]] and short.cut.tolist() == [4]
    assert short.unknown.tolist() == [1], "counted before the cut, as with words"


def test_the_unknown_token_is_the_models_mask() -> None:
    found = to_model(WORD.specials, len(WORD.vocabulary()))
    assert found[UNK] == 4 and found[PAD] == 4 and found[FIRST + 7] == 7
    assert len(WORD.vocabulary()) == FIRST + 91 and "##ly" in WORD.vocabulary()
    assert WORD.vocabulary().id("##ly") == FIRST + 90


def test_what_stands_around_a_text_comes_from_the_tokenizers_own_rules() -> None:
    assert WORD.specials == Specials((2,), (3,), 4, 1)
    assert BYTE.specials == Specials((0,), (2,), 4, 3)
    assert specials_of(word_pieces(), None, 1).mask == 1
    assert Specials.from_json(WORD.specials.to_json()) == WORD.specials


def test_it_can_be_pickled_and_says_what_is_no_tokenizer() -> None:
    again = pickle.loads(pickle.dumps(BYTE))
    assert again.tokens("a film") == BYTE.tokens("a film")
    with pytest.raises(HeedfulError, match="tokenizer cannot be read"):
        PieceTokenizer(CONFIG, '{"model": 1}', Specials((), (), 0, None))


def test_many_texts_come_out_in_order() -> None:
    texts = [f"film {'very ' * (i % 3)}good" for i in range(1100)]
    encoded = WORD.encode(texts, None, "first")
    assert encoded.lengths.tolist() == [2 + i % 3 for i in range(1100)]
    assert np.array_equal(encoded[1099], WORD.encode([texts[1099]], None, "first")[0])
