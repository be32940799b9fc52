"""Shingles and MinHash signatures: hand-solved, against plain sets, the same everywhere."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from heedful.records import Example, HeedfulError
from heedful.text import sketch as module
from heedful.text.normalise import key, normalise
from heedful.text.shingles import WIDTH, jaccard, words
from heedful.text.sketch import PERMUTATIONS, Sketch

ELEVEN = "one two three four five six seven eight nine ten eleven"


def sketch(*texts: str) -> Sketch:
    return Sketch.of(Example(text, (), "a.csv", i) for i, text in enumerate(texts, 1))


def by_sets(first: str, second: str) -> float:
    """The definition, with tuples of words instead of hashes."""
    sets = []
    for text in (first, second):
        ring = [None, *normalise(text).split()]
        sets.append(
            {tuple(ring[(i + j) % len(ring)] for j in range(WIDTH)) for i in range(len(ring))}
        )
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@pytest.mark.parametrize(
    ("second", "share"),
    [
        (ELEVEN, 1),
        (ELEVEN.replace("six", "6"), 7 / 17),  # 12 runs each, 5 of them hold the word
        (ELEVEN.replace("one ", "1 "), 7 / 17),  # the first word counts as any other
        (ELEVEN.replace("eleven", "11"), 7 / 17),
        (ELEVEN + " twelve", 8 / 17),  # 4 runs broken, 5 new
        ("Eleven, TEN<br />nine!", 0),
        ("", 0),
    ],
)
def test_the_similarity_of_texts_counted_by_hand(second: str, share: float) -> None:
    assert jaccard(ELEVEN, second) == jaccard(second, ELEVEN) == share


def test_texts_shorter_than_a_run_have_runs_too() -> None:
    assert jaccard("", "") == jaccard("a", "A") == 1
    assert jaccard("a", "b") == jaccard("a", "") == jaccard("a b", "b a") == 0
    assert jaccard("a b c", "b c a") == 0  # the edge is part of the ring


def test_similarities_are_those_of_plain_sets() -> None:
    draw = random.Random(0)
    for _ in range(199):
        first, second = (" ".join(draw.choices("ab", k=draw.randrange(23))) for _ in range(2))
        assert jaccard(first, second) == by_sets(first, second), (first, second)


def test_the_share_of_equal_columns_estimates_the_similarity() -> None:
    draw = random.Random(1)
    errors, expected = [], []
    for i in range(307):
        text = [f"{i} {j}" for j in range(97)]
        other = [word if draw.random() > 0.05 else "x" for word in text]
        texts = " ".join(text), " ".join(other)
        found = sketch(*texts)
        share = by_sets(*texts)
        errors.append((found.signatures[0] == found.signatures[1]).mean() - share)
        expected.append(share * (1 - share) / PERMUTATIONS)
    variance = np.mean(expected)
    assert abs(np.mean(errors)) < 4 * np.sqrt(variance / len(errors))
    assert np.mean(np.square(errors)) == pytest.approx(variance, rel=0.3)


def test_a_sketch_holds_keys_sources_rows_and_labels() -> None:
    found = Sketch.of(
        [
            Example("A film", ("pos",), "b.csv", 7),
            Example("a  FILM!", ("x", "y"), "a.csv", 1),
            Example("", (), "b.csv", 8),
        ]
    )
    assert len(found) == 3
    assert [bytes(k) for k in found.keys] == [key("a film"), key("a film"), key("")]
    assert (found.signatures[0] == found.signatures[1]).all()
    assert (found.keys.dtype, found.signatures.dtype) == (np.uint8, np.uint32)
    assert (found.source.dtype, found.rows.dtype, found.label.dtype) == (
        np.int32,
        np.int64,
        np.int32,
    )
    assert [found.where(i) for i in range(3)] == ["b.csv, row 7", "a.csv, row 1", "b.csv, row 8"]
    assert [found.labels_of(i) for i in range(3)] == [("pos",), ("x", "y"), ()]


def test_a_text_has_the_same_signature_in_any_company(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(2)
    texts = ["", "one", *(" ".join(draw.choices("abcd", k=draw.randrange(31))) for _ in range(53))]
    alone = np.concatenate([sketch(text).signatures for text in texts])
    for chunk in (1, 17, 1 << 16):
        monkeypatch.setattr(module, "_CHUNK", chunk)
        assert (sketch(*texts).signatures == alone).all()


def test_a_sketch_survives_safetensors_and_holds_no_word() -> None:
    names = ("naïve\ud800", '"quoted", \n', "観光")
    found = Sketch.of(Example(f"secretword {i}", (n,), n, i) for i, n in enumerate(names))
    data = save(found.to_arrays())
    assert b"secretword" not in data
    again = Sketch.from_arrays(load(data))
    assert (again.sources, again.labels) == (found.sources, found.labels)
    assert again.labels_of(0) == names[:1]
    for name in ("keys", "signatures", "source", "rows", "label"):
        first, second = getattr(found, name), getattr(again, name)
        assert first.dtype == second.dtype and (first == second).all()
    assert len(Sketch.from_arrays(load(save(sketch().to_arrays())))) == 0


def test_a_sketch_that_is_not_ours_is_refused() -> None:
    arrays = sketch("a", "b").to_arrays()
    for change in (
        {"version": np.array([99], np.uint8)},
        {"signatures": arrays["signatures"][:, :7]},
        {"rows": arrays["rows"][:1]},
        {"label": arrays["label"] + 1},
    ):
        with pytest.raises(HeedfulError, match="another version"):
            Sketch.from_arrays({**arrays, **change})
    with pytest.raises(HeedfulError, match="cannot be read: 'label'"):
        Sketch.from_arrays({n: a for n, a in arrays.items() if n != "label"})
    with pytest.raises(HeedfulError, match="cannot be read"):
        Sketch.from_arrays({**arrays, "sources": np.array([1, 2], np.uint8)})


PRINT = """
import hashlib
from heedful.records import Example
from heedful.text.sketch import Sketch
found = Sketch.of([Example("The plot is thin, but I laughed all évening.", ("pos",), "a", 1)] * 3)
print(hashlib.sha256(b"".join(a.tobytes() for a in found.to_arrays().values())).hexdigest())
"""


def test_every_process_makes_the_same_sketch() -> None:
    source = str(Path(module.__file__).parents[2])
    prints = {
        subprocess.run(
            [sys.executable, "-c", PRINT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": source},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "4711")
    }
    assert len(prints) == 1
    # A change here makes stored sketches useless: raise VERSION with it.
    signature = sketch("The plot is thin, but I laughed all évening.").signatures.tobytes()
    assert hashlib.sha256(signature).hexdigest()[:16] == "b5870a88400291f7"


def test_words_of_scripts_without_spaces_are_characters() -> None:
    assert words(normalise("Une œuvre d’art, naïve!")) == ["une", "œuvre", "d", "art", "naïve"]
    assert words(normalise("映画は2本")) == ["映", "画", "は", "2", "本"]
    assert words(normalise("ที่นี่ ok")) == ["ที่", "นี่", "ok"]
    assert words(normalise("кино хорошее")) == ["кино", "хорошее"]


def test_each_kind_of_text_can_be_sketched() -> None:
    texts = ["", " ", ":)", "!!!", "\ud800 x", "a" * 100_003, "x " * 70_001, "é"]
    found = sketch(*texts)
    assert found.signatures.shape == (len(texts), PERMUTATIONS)
    assert bytes(found.keys[0]) == bytes(found.keys[1])
    assert len({row.tobytes() for row in found.signatures}) == len(texts) - 1
