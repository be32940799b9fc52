"""Texts to ids and back, in characters, words and sub-words."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.records import HeedfulError, Token
from heedful.text.sequence import UNITS, SequenceTokenizer, Unit
from heedful.text.spacing import Spacing
from heedful.text.subword import Subwords, pieces, train
from heedful.text.vocab import END, PAD, START, UNK, Vocabulary
from thorough import examples

TEXTS = [
    "The cat sat on the mat.",
    "¿Dónde está la biblioteca? (Aquí.)",
    "he's 10:30  at\tnight\u00a0☺ 我爱你。",
]
FITTED = {unit: SequenceTokenizer.fit(TEXTS, unit, size=120) for unit in UNITS}
any_text = st.text(st.characters(), max_size=30)


def _slices(text: str, tokens: list[Token]) -> list[str]:
    return [text[token.start : token.end] for token in tokens]


@pytest.mark.parametrize("unit", UNITS)
@settings(max_examples=examples(50), deadline=None)
@given(text=st.one_of(any_text, st.sampled_from(TEXTS)))
def test_tokens_lie_on_the_text(unit: Unit, text: str) -> None:
    tokenizer = FITTED[unit]
    tokens = tokenizer.tokens(text)
    assert all(0 <= token.start <= token.end <= len(text) for token in tokens)
    assert all(one.end <= two.start for one, two in pairwise(tokens))
    ids = tokenizer.encode(text)
    assert ids == [tokenizer.vocabulary.id(token.text) for token in tokens]
    assert not {PAD, START, END} & set(ids)
    if unit != "word":  # nothing but space is left out
        assert not "".join(text[a.end : b.start] for a, b in pairwise(tokens)).strip(" ")


@pytest.mark.parametrize("unit", UNITS)
@settings(max_examples=examples(50), deadline=None)
@given(ids=st.lists(st.integers(0, 60), max_size=20))
def test_decoded_tokens_lie_on_what_is_written(unit: Unit, ids: list[int]) -> None:
    tokenizer = FITTED[unit]
    ids = [i % len(tokenizer) for i in ids]
    text, tokens = tokenizer.decode(ids)
    read = ids[: ids.index(END)] if END in ids else ids
    assert len(tokens) == len(read), "one token for each id"
    assert all(0 <= token.start <= token.end <= len(text) for token in tokens)
    assert all(one.end <= two.start for one, two in pairwise(tokens))
    for i, token, piece in zip(read, tokens, _slices(text, tokens), strict=True):
        assert piece.strip(" ") == token.text.strip(" ")
        assert (token.text == "") == (i in (PAD, START))
        assert (token.text == "\ufffd") == (i == UNK)


@settings(max_examples=examples(50), deadline=None)
@given(texts=st.lists(any_text, min_size=1, max_size=3), unit=st.sampled_from(UNITS[::2]))
def test_characters_and_subwords_come_back_to_the_letter(texts: list[str], unit: Unit) -> None:
    tokenizer = SequenceTokenizer.fit(texts, unit, size=300)
    for text in texts:
        back, tokens = tokenizer.decode(tokenizer.encode(text))
        # A lone surrogate cannot be written to a file.
        assert back == "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
        assert [t[1:] for t in tokens] == [t[1:] for t in tokenizer.tokens(text)]


@pytest.mark.parametrize("unit", UNITS)
def test_json_and_copies_are_the_same_tokenizer(unit: Unit) -> None:
    tokenizer = FITTED[unit]
    values = json.loads(json.dumps(tokenizer.to_json()))
    for other in (
        SequenceTokenizer.from_json(values),
        pickle.loads(pickle.dumps(tokenizer)),
        copy.deepcopy(tokenizer),
    ):
        assert other == tokenizer and hash(other) == hash(tokenizer)
        for text in TEXTS:
            assert other.encode(text) == tokenizer.encode(text)
            assert other.decode(tokenizer.encode(text)) == tokenizer.decode(tokenizer.encode(text))


@pytest.mark.parametrize(
    "change",
    [
        {"unit": "syllable"},
        {"tokens": ["a"]},
        {"merges": [["q", "u"]]},
        {"merges": [1]},
        {"tokens": 3},
    ],
)
def test_a_damaged_file_is_told(change: dict[str, object]) -> None:
    values = FITTED["subword"].to_json() | change
    with pytest.raises(HeedfulError):
        SequenceTokenizer.from_json(values)
    with pytest.raises(HeedfulError, match="cannot be read"):
        SequenceTokenizer.from_json({})


def test_characters_by_hand() -> None:
    tokenizer = SequenceTokenizer.fit(["ab a"], "character")
    assert tokenizer.vocabulary.tokens[4:] == ("a", " ", "b")
    assert tokenizer.encode("b ax") == [6, 5, 4, UNK]
    assert tokenizer.decode([START, 6, UNK, 4, END, 4]) == (
        "b\ufffda",
        [Token("", 0, 0), Token("b", 0, 1), Token("\ufffd", 1, 2), Token("a", 2, 3)],
    )
    assert len(tokenizer) == 7


def test_the_least_frequent_go_first() -> None:
    tokenizer = SequenceTokenizer.fit(["b a", "b a c", "b"], "word", size=6)
    assert tokenizer.vocabulary.tokens[4:] == ("b", "a")
    assert "c" not in SequenceTokenizer.fit(["aab", "c"], "character", min_frequency=2).vocabulary


@pytest.mark.parametrize("unit", UNITS)
def test_case_is_folded_on_request(unit: Unit) -> None:
    tokenizer = SequenceTokenizer.fit(["İstanbul PM"], unit, lowercase=True)
    assert tokenizer.encode("PM") == tokenizer.encode("pm") != tokenizer.encode("xy")
    assert all(token.end <= 11 for token in tokenizer.tokens("İSTANBUL pm"))
    other = SequenceTokenizer.fit(["Istanbul PM"], unit)
    assert other.encode("PM") != other.encode("pm")


# Three words of two merges: "l o" occurs 3 times, then "lo w" 2 times; "n e" only once.
LOW = ["low low", "lo", "ne"]


def test_merges_by_hand() -> None:
    forms, merges = train(LOW, 100, 2)
    # " l" and "lo" both occur 3 times; which goes first is settled by the library.
    assert merges[0] in ((" ", "l"), ("l", "o"))
    assert set(forms) == {*" lowne", *("".join(merge) for merge in merges)}
    assert " low" in forms and " lo" in forms and " n" not in forms
    cut = Subwords(forms, merges).cut
    assert cut(" low") == [" low"]
    assert cut(" lone") == [" lo", "n", "e"]
    assert cut(" zlow") == [" ", "z", *cut("low")]
    assert train(LOW, 4, 2) == (sorted(" low"), []), "the most frequent characters alone"


def _merged(word: str, merges: list[tuple[str, str]]) -> list[str]:
    """Byte-pair encoding as in the paper: the earliest merge that applies, again and again."""
    rank = {merge: i for i, merge in enumerate(merges)}
    parts = list(word)
    while len(parts) > 1:
        best = min(pairwise(parts), key=lambda pair: rank.get(pair, len(rank)))
        if best not in rank:
            break
        i = next(k for k, pair in enumerate(pairwise(parts)) if pair == best)
        parts[i : i + 2] = ["".join(best)]
    return parts


def test_subwords_agree_with_the_algorithm_of_the_paper() -> None:
    texts = Path(__file__).read_text(encoding="utf-8").split("\n")[:150]
    forms, merges = train(texts, 250, 2)
    assert len(forms) == 250
    cutter = Subwords(forms, merges)
    for piece in {piece for text in texts for piece in pieces(text)}:
        assert cutter.cut(piece) == _merged(piece, merges)
    # The first merge joins the most frequent pair of all.
    counts: Counter[tuple[str, str]] = Counter()
    for text in texts:
        for piece in pieces(text):
            counts.update(pairwise(piece))
    assert counts[merges[0]] == max(counts.values())


def test_subwords_keep_the_space_out_of_what_is_painted() -> None:
    tokenizer = SequenceTokenizer.fit(["the cat the cat the cat"], "subword")
    text = "the cat  the"
    assert _slices(text, tokenizer.tokens(text)) == ["the", "cat", " ", "the"]
    assert tokenizer.decode(tokenizer.encode("cat the")) == (
        "cat the",
        [Token(" cat", 0, 3), Token(" the", 4, 7)],
    )
    for other in (" cat", "  the", "cat ", " "):
        assert tokenizer.decode(tokenizer.encode(other))[0] == other
    ids = tokenizer.encode("xyz")
    assert ids.count(UNK) == 3, "each unknown character for itself"
    assert tokenizer.decode(ids)[0] == "\ufffd" * 3
    assert tokenizer.encode("") == [] and tokenizer.decode([]) == ("", [])


def test_pieces_are_the_whole_text() -> None:
    assert pieces("Don't go 12:30!") == [" Don", "'", "t", " go", " 12", ":", "30", "!"]
    assert pieces("a \ud800") == [" a", " \ufffd"]


def test_words_are_spaced_as_they_were_learnt() -> None:
    tokenizer = FITTED["word"]
    for text in TEXTS[:2]:
        assert tokenizer.decode(tokenizer.encode(text))[0] == text
    assert tokenizer.decode(tokenizer.encode("我爱 你。"))[0] == "我爱你。"
    text, tokens = tokenizer.decode(tokenizer.encode("(la cat?)"))
    assert text == "(la cat?)" and _slices(text, tokens) == ["(", "la", "cat", "?", ")"]


def test_what_leans_is_learnt_beside_words() -> None:
    texts = ["a!), b), (c", "a-b-c", "l'eau"]
    spacing = SequenceTokenizer.fit(texts, "word").spacing
    # "!" is followed by a bracket only, which is known to lean on its own account.
    assert spacing.before == {"!", ")", ",", "-"}
    assert spacing.after == {"!", "(", ")", "-", "l'"}
    assert spacing.join(["a", "(", "b", ")", "l'", "eau"])[0] == "a (b)l'eau"


def test_quotes_open_and_close() -> None:
    assert Spacing().join(['"', "a", "b", '"', "c", '"', "d", '"'])[0] == '"a b" c "d"'


def test_an_unknown_unit() -> None:
    with pytest.raises(HeedfulError, match="character, word, subword"):
        SequenceTokenizer("letter", Vocabulary(()))


def test_other_processes_learn_the_same() -> None:
    code = (
        "import hashlib, sys; from heedful.text.sequence import SequenceTokenizer, UNITS;"
        "from heedful.text.generate.clock import generate;"
        "pairs = generate(200, 5); texts = [p.source for p in pairs];"
        "made = [SequenceTokenizer.fit(texts, u, size=150).to_json() for u in UNITS];"
        "print(hashlib.sha256(repr((pairs, made)).encode()).hexdigest())"
    )
    prints = set()
    for seed, threads in (("1", "1"), ("2", "3")):
        path = str(Path(__file__).resolve().parents[1] / "src")
        env = {
            **os.environ,
            "PYTHONPATH": path,
            "PYTHONHASHSEED": seed,
            "RAYON_NUM_THREADS": threads,
        }
        there = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        prints.add(there.stdout)
    assert len(prints) == 1
    assert prints.pop().strip() != hashlib.sha256(b"").hexdigest()
