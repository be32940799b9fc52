"""The linear baseline, against scikit-learn's own vectorizer and pipeline."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest
from safetensors.numpy import load, save
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from heedful.learn.baseline import SMALL, Baseline, _steps, fit_baseline
from heedful.records import HeedfulError
from heedful.text import tfidf
from heedful.text.corpus import read
from heedful.text.tfidf import fit_tfidf
from real_data import real

ROWS = 2_003  # more than SMALL


def texts_of(rows: int = ROWS, seed: int = 0) -> list[str]:
    """Texts of 3 to 17 words from 97, some of them twice in a text, in mixed case."""
    draw = random.Random(seed)
    words = [f"{a}{b}" for a in "bdfgklmnprs" for b in ("a", "E", "ili", "o", "n't", "u", "", "9")]
    return [" ".join(draw.choices(words, k=draw.randint(3, 17))) + "." for _ in range(rows)]


def classes_of(texts: list[str], count: int) -> np.ndarray:
    """Mostly the class of the text's most frequent initials, sometimes any."""
    draw = random.Random(1)
    initials = [["bdfgklmnprs".find(word[0]) % count for word in text.split()] for text in texts]
    return np.array(
        [max(range(count), key=lambda c: (row.count(c), draw.random())) for row in initials]
    )


def vectorizer(minimum: int) -> TfidfVectorizer:
    # On such plain words heedful's tokens are those of scikit-learn with one-letter words.
    return TfidfVectorizer(
        ngram_range=(1, 2),
        min_df=minimum,
        sublinear_tf=True,
        token_pattern=r"\w+",
        dtype=np.float32,
    )


def order_of(found: tfidf.Tfidf, oracle: TfidfVectorizer) -> list[int]:
    """Where the oracle has heedful's features."""
    count = len(found.words)
    pairs = [f"{found.words[c // count]} {found.words[c % count]}" for c in found.pairs]
    assert sorted([*found.words, *pairs]) == sorted(oracle.vocabulary_)
    return [oracle.vocabulary_[name] for name in [*found.words, *pairs]]


def oracle_probabilities(
    model: Baseline, texts: list[str], targets: np.ndarray, others: list[str], solver: object
) -> np.ndarray:
    """What a scikit-learn pipeline says of others.

    Its columns are put into heedful's order, in which sums in float32 are the same.
    """
    vectors = vectorizer(2).fit(texts)
    order = order_of(model.tfidf, vectors)
    reorder = FunctionTransformer(lambda matrix: matrix[:, order])
    return make_pipeline(vectors, reorder, solver).fit(texts, targets).predict_proba(others)


@pytest.mark.parametrize("minimum", [1, 2, 5])
def test_features_and_their_weights_are_those_of_scikit_learn(minimum: int) -> None:
    texts = texts_of()
    oracle = vectorizer(minimum)
    expected = oracle.fit_transform(texts)
    found, matrix = fit_tfidf(texts, minimum, 10**6)
    order = order_of(found, oracle)
    np.testing.assert_allclose(matrix.toarray(), expected[:, order].toarray(), atol=1e-6)
    others = [*texts_of(211, seed=2), "", "never seen", "ba never ba be"]
    again = np.vstack([part.toarray() for part in found.matrices(others)])
    np.testing.assert_allclose(again, oracle.transform(others)[:, order].toarray(), atol=1e-6)


def test_pieces_of_a_matrix_are_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = texts_of(101)
    found, whole = fit_tfidf(texts, 1, 10**6)
    monkeypatch.setattr(tfidf, "_CHUNK", 7)
    parts = [part.toarray() for part in found.matrices(texts)]
    assert [len(part) for part in parts] == [7] * 14 + [3]
    np.testing.assert_array_equal(np.vstack(parts), whole.toarray())


def test_too_many_features_leave_the_commonest() -> None:
    texts = ["a b", "a b", "a b", "a c", "b a", "b d"]
    every, _ = fit_tfidf(texts, 1, 8)
    assert every.words == ("a", "b", "c", "d")
    # Pairs a b (3 texts), a c, b a, b d (1 each): the three alike go together.
    five, matrix = fit_tfidf(texts, 1, 7)
    assert five.words == every.words
    assert five.pairs.tolist() == [1]
    assert matrix.shape == (6, 5)
    two, _ = fit_tfidf(texts, 1, 2)
    assert (two.words, len(two.pairs)) == (("a", "b"), 0)


def test_pairs_do_not_reach_across_texts_or_unknown_words() -> None:
    found, _ = fit_tfidf(["x y", "z x", "x y"], 1, 100)
    assert [(found.words[c // 3], found.words[c % 3]) for c in found.pairs] == [
        ("x", "y"),
        ("z", "x"),
    ]
    (matrix,) = found.matrices(["x unknown y"])
    assert matrix.toarray()[0, 3:].tolist() == [0, 0]


@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_probabilities_are_those_of_a_scikit_learn_pipeline(
    task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both go on to the optimum: where a solver stops before it is a matter of rounding.
    monkeypatch.setattr("heedful.learn.baseline.TOLERANCE", 1e-7)
    texts, others = texts_of(), texts_of(103, seed=3)
    targets = classes_of(texts, 2 if task == "binary" else 5)
    solver = LogisticRegression(C=10, max_iter=300, tol=1e-7)
    if task == "multi-label":
        targets = np.stack([targets == 1, targets >= 2, targets % 3 == 0], axis=1).astype(int)
        solver = OneVsRestClassifier(solver)
    model = fit_baseline(texts, targets, task)
    found = model.probabilities(others)
    expected = oracle_probabilities(model, texts, targets, others, solver)
    assert (found.shape, found.dtype) == (expected.shape, np.float32)
    assert expected.std() > 0.1
    np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_bytes_bring_back_the_same_probabilities(task: str) -> None:
    texts = [*texts_of(), "Ünï \U0001f600 中文 \ud800 x", "中文 naïve"]
    targets = classes_of(texts, 2 if task == "binary" else 3)
    if task == "multi-label":
        targets = np.eye(3)[targets]
    model = fit_baseline(texts, targets, task)
    again = Baseline.from_bytes(model.to_bytes())
    assert (again.task, again.tfidf.words) == (task, model.tfidf.words)
    assert again.probabilities(texts).tobytes() == model.probabilities(texts).tobytes()
    assert again.to_bytes() == model.to_bytes()


@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_the_same_data_give_the_same_bytes(task: str) -> None:
    texts = texts_of()
    targets = classes_of(texts, 2 if task == "binary" else 3)
    if task == "multi-label":
        targets = np.eye(3)[targets]
    found = []
    for threads in (1, 2, 2):
        with threadpool_limits(threads):
            found.append(fit_baseline(texts, targets, task).to_bytes())
    assert found[0] == found[1] == found[2]


DEGENERATE = {
    "two rows": (["good", "bad"], [1, 0], "binary"),
    "one row": (["good"], [1], "binary"),
    "one class only": (["good", "bad", "ugly"], [0, 0, 0], "binary"),
    "no word anywhere": (["", "...", " "], [0, 1, 1], "binary"),
    "no word in some": (["", "a word", "a word"], [0, 1, 1], "binary"),
    "all alike": (["the same text"] * 7, [0, 1, 1, 0, 1, 1, 1], "binary"),
    "a class without a row": (["a", "b", "c", "a"], [0, 3, 1, 0], "multi-class"),
    "two of four classes": (["a", "b", "b", "a"], [1, 3, 3, 1], "multi-class"),
    "one of four classes": (["a", "b", "b"], [3, 3, 3], "multi-class"),
    "labels never and always": (["a", "b", "c"], [[0, 1, 1], [0, 1, 0], [0, 1, 1]], "multi-label"),
    "no label at all": (["a", "b"], [[0, 0], [0, 0]], "multi-label"),
    "only unknown characters": (["\ud800", "\udfff \u0085"], [0, 1], "binary"),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_data_neither_fail_nor_warn(name: str) -> None:
    texts, targets, task = DEGENERATE[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit_baseline(texts, np.array(targets), task)
        found = Baseline.from_bytes(model.to_bytes()).probabilities([*texts, "new", ""])
    width = len(targets[0]) if task == "multi-label" else max([*targets, 1]) + 1
    assert found.shape == (len(texts) + 2, width)
    assert np.isfinite(found).all()
    if task != "multi-label":
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_a_class_that_never_occurs_is_improbable_but_not_impossible() -> None:
    model = fit_baseline(["a", "b", "c"], np.array([0, 0, 0]), "binary")
    # Half a row against three and a half: log(2 * 3 + 1).
    np.testing.assert_allclose(model.probabilities(["a"]), [[7 / 8, 1 / 8]], atol=1e-6)
    three = fit_baseline(["a", "b"], np.array([[1, 0], [1, 0]]), "multi-label")
    np.testing.assert_allclose(three.probabilities(["x"]), [[5 / 6, 1 / 6]], atol=1e-6)
    many = fit_baseline(["a", "b"], np.array([2, 2]), "multi-class")
    np.testing.assert_allclose(many.probabilities(["x"]), [[1 / 7, 1 / 7, 5 / 7]], atol=1e-6)


def test_two_classes_of_four_are_told_apart() -> None:
    model = fit_baseline(["a", "b", "b", "a"], np.array([1, 3, 3, 1]), "multi-class")
    found = model.probabilities(["a", "b"])
    assert found.argmax(axis=1).tolist() == [1, 3]
    np.testing.assert_allclose(found[:, [1, 3]].min(axis=1), found[0, 3], atol=1e-4)


def test_without_words_the_shares_of_the_classes_remain() -> None:
    found = fit_baseline(["", ".", "!", "?", "-"], np.array([0, 1, 1, 1, 1]), "binary")
    np.testing.assert_allclose(found.probabilities(["x"]), [[0.2, 0.8]], atol=1e-2)


def test_a_solver_that_stops_early_does_not_warn() -> None:
    texts = texts_of()
    targets = classes_of(texts, 2)
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("error")
        patch.setattr("heedful.learn.baseline.MOST_STEPS", 2)
        fit_baseline(texts, targets, "binary")


def test_very_large_data_get_fewer_steps_so_that_they_end() -> None:
    assert [_steps(work) for work in (0, 10**7, 10**8, 10**12)] == [300, 300, 100, 50]


def test_words_of_one_text_count_in_small_data_only() -> None:
    few = fit_baseline(["once twice", "twice"], np.array([0, 1]), "binary")
    assert few.tfidf.words == ("once", "twice")
    many = [*["twice thrice", "twice"] * SMALL, "once"]
    large = fit_baseline(many, np.arange(len(many)) % 2, "binary")
    assert large.tfidf.words == ("thrice", "twice")


def test_no_texts_is_an_error() -> None:
    with pytest.raises(HeedfulError, match="no text"):
        fit_baseline([], np.zeros(0, int), "binary")


def test_no_texts_get_no_probabilities() -> None:
    model = fit_baseline(["a", "b"], np.array([0, 1]), "binary")
    assert model.probabilities([]).shape == (0, 2)


def damaged(change: str) -> bytes:
    """The bytes of a good model with one thing wrong."""
    good = fit_baseline(texts_of(31), classes_of(texts_of(31), 3), "multi-class").to_bytes()
    parts = {name: part.copy() for name, part in load(good).items()}
    if change == "cut short":
        return good[:-9]
    if change == "not a model":
        return b"no safetensors at all"
    if change == "part missing":
        del parts["idf"]
    elif change == "format of the future":
        parts["facts"][0] = 99
    elif change == "unknown task":
        parts["facts"][1] = 7
    elif change == "negative task":
        parts["facts"][1] = -1
    elif change == "words are no text":
        parts["words"][:] = 255
    elif change == "a word too few":
        parts["words"] = parts["words"][: list(parts["words"]).index(10)]
    elif change == "pair of no word":
        parts["pairs"][0, 1] = 10_000
    elif change == "pairs out of order":
        parts["pairs"] = parts["pairs"][::-1].copy()
    elif change == "not a number":
        parts["weights"][1, 2] = np.nan
    elif change == "weights of another model":
        parts["weights"] = parts["weights"][:, 1:].copy()
    elif change == "other numbers":
        parts["idf"] = parts["idf"].astype(np.float64)
    return save(parts)


@pytest.mark.parametrize(
    "change",
    [
        "cut short", "not a model", "part missing", "format of the future", "unknown task",
        "negative task", "words are no text", "a word too few", "pair of no word",
        "pairs out of order", "not a number", "weights of another model", "other numbers",
    ],
)  # fmt: skip
def test_damage_is_an_error_of_one_line(change: str) -> None:
    with pytest.raises(HeedfulError, match="linear baseline cannot be read") as error:
        Baseline.from_bytes(damaged(change))
    assert "\n" not in str(error.value)


def test_undamaged_bytes_are_read() -> None:
    assert Baseline.from_bytes(damaged("nothing")).task == "multi-class"


@pytest.mark.slow
def test_trec_is_fitted_as_well_as_by_scikit_learn() -> None:
    train, test = (read([real(f"trec/{name}.tsv")]).examples for name in ("train", "test"))
    names = sorted({example.labels[0] for example in train})
    targets, truth = (
        np.array([names.index(example.labels[0]) for example in part]) for part in (train, test)
    )
    model = fit_baseline([example.text for example in train], targets, "multi-class")
    decided = model.probabilities([example.text for example in test]).argmax(axis=1)
    assert (decided == truth).mean() > 0.84
