from __future__ import annotations

import pickle
import time
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.config import TextConfig
from heedful.records import HeedfulError
from heedful.text import tokenize
from heedful.text.stopwords import LANGUAGES, negations, stop_words
from heedful.text.tokenize import Tokenizer, cut

CONFIGS = [
    TextConfig(unit=unit, lowercase=low, punctuation=marks)
    for unit, low, marks in product(("word", "character"), (True, False), (True, False))
] + [
    TextConfig(lemmas="en", stop_words="en", punctuation=False),
    TextConfig(lemmas="de", stop_words="fr", lowercase=False, keep_negations=False),
]
TOKENIZERS = [Tokenizer(config) for config in CONFIGS]

# Pieces at which offsets go wrong, mixed with whatever Unicode offers.
PIECES = [
    "don’t", "İstanbul", "ﬁ", "e\u0301", "\u0301", "<br />", "<BR>", "<br", ":-)", ":'(", "<3",
    "8-)", "http://x", "3.5", "1,000", "!!!", "…", "ラー", "ｶﾞ", "สวัสดี", "\ud83d", "\udc4d",
    "👩\u200d👩\u200d👧", "👍🏽", "🇩🇪🇫", "1\ufe0f\u20e3", "❤\ufe0f", "שלום", "\u202e", "می\u200cم",
    "\x85", "\x1c", "\u00a0", "\ufeff", "\x00", " ", "\n", "l'homme", "_x_", "中文", "£", "ß",
]  # fmt: skip
CHARACTERS = st.text(st.characters(exclude_categories=()), max_size=6)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), CHARACTERS), max_size=12).map("".join)


def words(text: str, **settings: object) -> list[str]:
    return Tokenizer(TextConfig(**settings)).words(text)  # type: ignore[arg-type]


@given(TEXTS)
@settings(deadline=None)  # the first text loads the dictionaries
def test_offsets_are_ordered_disjoint_and_not_empty(text: str) -> None:
    for tokenizer in TOKENIZERS:
        tokens = tokenizer.tokens(text)
        assert all(0 <= t.start < t.end <= len(text) and t.text for t in tokens)
        assert all(a.end <= b.start for a, b in pairwise(tokens))


@given(TEXTS)
@settings(deadline=None)  # the first text loads the dictionaries
def test_words_are_the_texts_of_the_tokens(text: str) -> None:
    for tokenizer in TOKENIZERS:
        assert tokenizer.words(text) == [t.text for t in tokenizer.tokens(text)]


@given(TEXTS)
def test_a_form_is_the_folded_surface(text: str) -> None:
    for token in Tokenizer(TextConfig()).tokens(text):
        surface = text[token.start : token.end]
        assert token.text == (surface.replace("’", "'") if len(surface) > 1 else surface).lower()
        assert not any(c.isspace() for c in surface)


@given(TEXTS)
def test_without_punctuation_the_other_tokens_stay(text: str) -> None:
    kept = Tokenizer(TextConfig(punctuation=False)).tokens(text)
    every = Tokenizer(TextConfig()).tokens(text)
    assert [t for t in every if t in set(kept)] == kept
    assert all(t in kept for t in every if any(c.isalnum() for c in t.text))


@given(TEXTS.filter(lambda text: "<br" not in text.lower()))
def test_no_letter_or_digit_is_lost(text: str) -> None:
    painted = {i for t in Tokenizer(TextConfig()).tokens(text) for i in range(t.start, t.end)}
    assert [c for i, c in enumerate(text) if c.isalnum() and i not in painted] == []


@given(TEXTS)
def test_characters_cover_the_whole_text(text: str) -> None:
    tokens = Tokenizer(TextConfig(unit="character", lowercase=False)).tokens(text)
    assert [(t.start, t.end) for t in tokens] == [(i, i + 1) for i in range(len(text))]
    assert "".join(t.text for t in tokens).encode("utf-8") if text else not tokens


@given(TEXTS)
def test_cutting_by_runs_equals_cutting_the_whole_text(text: str) -> None:
    tokenizer = Tokenizer(TextConfig())
    if "<b" not in text.lower():
        whole = [found.span() for found in tokenizer._find.finditer(text)]
        assert [(t.start, t.end) for t in tokenizer.tokens(text)] == whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t\x85", []),
        ("It's a well-made film.", ["it's", "a", "well", "-", "made", "film", "."]),
        ("don’t", ["don't"]),
        ("cost 3.5 or 1,000!!! Wow...", ["cost", "3.5", "or", "1,000", "!!!", "wow", "..."]),
        ("end.2 next,3", ["end", ".", "2", "next", ",", "3"]),
        ("10/10", ["10", "/", "10"]),
        ("a<br />b<BR>c<br/>d", ["a", "b", "c", "d"]),
        ("a<br b", ["a", "<", "br", "b"]),
        (":-) :( ;D :'( =) 8-) ^_^ xD <3",
         [":-)", ":(", ";d", ":'(", "=)", "8-)", "^_^", "xd", "<3"]),
        ("B-) 18-) AB-)", ["b-)", "18", "-", ")", "ab", "-", ")"]),
        ("great:) sad:(", ["great", ":)", "sad", ":("]),
        ("http://a.b", ["http", ":", "//", "a", ".", "b"]),
        ("(see 8) x<30 C:\\", ["(", "see", "8", ")", "x", "<", "30", "c", ":", "\\"]),
        ("note:(a) 3:3", ["note", ":", "(", "a", ")", "3", ":", "3"]),
        ("_so_ o_O", ["_", "so", "_", "o_o"]),
        ("中文abcラー한국어", ["中", "文", "abc", "ラ", "ー", "한국어"]),
        ("ｶﾞｷ", ["ｶﾞ", "ｷ"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("👍🏽👩\u200d👩\u200d👧🇩🇪🇫🇷", ["👍🏽", "👩\u200d👩\u200d👧", "🇩🇪", "🇫🇷"]),
        ("1\ufe0f\u20e3#\ufe0f\u20e3❤\ufe0f", ["1\ufe0f\u20e3", "#\ufe0f\u20e3", "❤\ufe0f"]),
        ("l'homme dell’anno aujourd'hui", ["l'", "homme", "dell'", "anno", "aujourd'hui"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("x\ud800y", ["x", "y"]),
    ],
)  # fmt: skip
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_offsets_survive_a_form_of_another_length() -> None:
    text = "xİ İstanbul"
    tokens = Tokenizer(TextConfig()).tokens(text)
    assert [(t.start, t.end) for t in tokens] == [(0, 2), (3, 11)]
    assert len(tokens[1].text) == 9


def test_emoticons_and_emoji_stay_without_punctuation() -> None:
    text = "Nice!!! :) ... ❤\ufe0f (8-) 👍 #1 © <3"
    assert words(text, punctuation=False) == ["nice", ":)", "❤\ufe0f", "8-)", "👍", "1", "<3"]
    assert words(":::) ok", punctuation=False) == ["ok"]  # no ":)" once the run is away
    assert words("a, 👍#!", unit="character", punctuation=False) == ["a", " ", "👍"]


def test_case_is_kept_on_request() -> None:
    assert words("The END", lowercase=False) == ["The", "END"]


@pytest.mark.parametrize(
    ("language", "word", "lemma"),
    [
        ("en", "studies", "study"),
        ("en", "was", "be"),
        ("en", "running", "run"),
        ("en", "meetings", "meet"),  # meeting as a noun, then meet as a verb
        ("en", "wolves", "wolf"),
        ("en", "don't", "don't"),
        ("de", "Häusern", "haus"),
        ("es", "fueron", "ser"),
    ],
)
def test_lemmas(language: str, word: str, lemma: str) -> None:
    assert words(word, lemmas=language) == [lemma]


@pytest.mark.parametrize("language", LANGUAGES)
def test_negations_are_not_changed_by_lemmas(language: str) -> None:
    for word in negations(language) - {"n'", "nessun'"}:
        assert words(word, lemmas=language) == [word]
        assert words(word, lemmas=language, stop_words=language) == [word]


def test_stop_words_go_and_negations_stay() -> None:
    text = "This is not the best, and I don’t like it without sound"
    kept = ["not", "best", ",", "don't", "like", "without", "sound"]
    assert words(text, stop_words="en") == kept
    bare = words(text, stop_words="en", keep_negations=False)
    assert bare == ["best", ",", "like", "sound"]


def test_stop_words_go_by_surface_before_lemmas() -> None:
    assert words("those were houses", stop_words="en", lemmas="en") == ["house"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_stop_word_lists(language: str) -> None:
    kept, every = stop_words(language, True), stop_words(language, False)
    assert len(kept) > 80 and negations(language) == every - kept
    # Each entry is one token, or it could never match.
    for word in every:
        after = "amo" if word.endswith("'") else ""
        assert words(word + after)[0] == word


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("es", "la película no es buena", ["película", "no", "buena"]),
        ("fr", "Le film n’est pas l'œuvre du siècle", ["film", "n'", "pas", "œuvre", "siècle"]),
        ("de", "Der Film war nicht gut", ["film", "nicht", "gut"]),
        ("it", "il film non è dell'anno", ["film", "non", "anno"]),
        ("pt", "o filme não é bom", ["filme", "não", "bom"]),
        ("nl", "de film is niet goed", ["film", "niet", "goed"]),
    ],
)
def test_stop_words_of_other_languages(language: str, text: str, left: list[str]) -> None:
    assert words(text, stop_words=language) == left


@pytest.mark.parametrize("setting", [{"lemmas": "xx"}, {"stop_words": "xx"}])
def test_unknown_languages_are_named_with_the_known_ones(setting: dict[str, str]) -> None:
    with pytest.raises(HeedfulError, match=r"'xx'.*known are .*\ben\b.*\bes\b"):
        words("a", **setting)


def test_characters_have_no_lemmas() -> None:
    with pytest.raises(HeedfulError, match=r"text\.unit=word"):
        words("a", unit="character", lemmas="en")


def test_a_tokenizer_can_be_pickled() -> None:
    tokenizer = Tokenizer(TextConfig(lemmas="en", stop_words="en"))
    text = "The wolves were not running"
    before = tokenizer.tokens(text)
    assert pickle.loads(pickle.dumps(tokenizer)).tokens(text) == before
    assert len(pickle.dumps(tokenizer)) < 1_000


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "!",
        ":",
        "<",
        "<br",
        "<br ",
        "'",
        "a'",
        "1,",
        "👩\u200d",
        "\u0301",
        "(",
        "中",
        "_",
        "a_",
        "-_",
    ],
)
def test_long_runs_do_not_take_quadratic_time(piece: str) -> None:
    tokenizer = Tokenizer(TextConfig())
    begin = time.process_time()
    tokenizer.words(piece * (200_000 // len(piece)))
    assert time.process_time() - begin < 5  # seconds; a quadratic rule takes minutes


def test_caches_are_emptied_when_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenize, "_CACHED", 3)
    tokenizer = Tokenizer(TextConfig())
    text = "a, b! c d e f " + "g" * 100
    assert tokenizer.words(text) == tokenizer.words(text) == words(text)
    assert max(len(tokenizer._forms), len(tokenizer._runs)) <= 3
    assert not any(len(run) == 100 for run in (*tokenizer._forms, *tokenizer._runs))


@given(st.lists(st.integers()), st.integers(1, 12))
def test_cut_keeps_the_named_ends(items: list[int], limit: int) -> None:
    first, last = cut(items, limit, "first"), cut(items, limit, "last")
    both = cut(items, limit, "both")
    assert first == items[:limit]
    assert last == items[-limit:]
    if len(items) > limit:
        head = (limit + 1) // 2
        assert both == items[:head] + items[len(items) - (limit - head) :]
    else:
        assert both == items
    ids = np.array(items, np.int64 if all(abs(i) < 2**63 for i in items) else object)
    assert list(cut(ids, limit, "both")) == list(both)


def test_cut_without_a_limit_keeps_all() -> None:
    assert cut("abc", None, "last") == "abc"
    assert cut([1, 2, 3, 4], 1, "both") == [1]
    assert cut([1, 2, 3, 4], 3, "both") == [1, 2, 4]


@given(st.text(alphabet="abDI'.,!?;:)(\"-3=8 é", max_size=12))
@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_plain_words_need_no_pattern(tokenizer: Tokenizer, text: str) -> None:
    for run in tokenizer.runs(text):
        assert tokenizer.forms(run) == [token.text for token in tokenizer.tokens(run)]
