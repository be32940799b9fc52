"""What scikit-learn expects of an estimator, with texts as input."""

from __future__ import annotations

import inspect
import pickle

import joblib
import numpy as np
import pandas
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from heedful import HeedfulError, TextClassifier, load
from small_training import TINY, reviews, tagged, topics

TEXTS = [e.text for e in reviews(40)]
LABELS = [e.labels[0] for e in reviews(40)]
# A network alone, trained the plain way: what is asked here are the estimator's manners.
QUICK = TINY | {
    "train.epochs": 2,
    "train.learning_rate": 0.01,
    "train.schedule": "constant",
    "train.average": 0.0,
    "train.monitor": "loss",
    "model.word_dropout": 0.0,
    "evidence.orders": 0,
    "pretrain.on_training": False,
}


def classifier(**more) -> TextClassifier:
    return TextClassifier(settings=QUICK | more.pop("settings", {}), **more)


@pytest.fixture(scope="module")
def fitted() -> TextClassifier:
    return classifier().fit(TEXTS, LABELS)


def one_line(error) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


# -- parameters -------------------------------------------------------------------------------


def test_init_stores_its_parameters_and_nothing_else():
    names = list(inspect.signature(TextClassifier).parameters)
    values = dict(zip(names, ["p", "e", "a", {"x": 1}, 3, True, "v", {"csv": "l"}], strict=True))
    assert vars(TextClassifier(**values)) == values
    assert TextClassifier().get_params() == vars(TextClassifier())


def test_clone_and_set_params():
    original = classifier(seed=4, encoder="token")
    copy = clone(original)
    assert copy.get_params() == original.get_params()
    assert copy is not original
    assert copy.set_params(seed=5, attention="dot") is copy
    assert (copy.seed, copy.attention, original.seed) == (5, "dot", 4)
    with pytest.raises(ValueError, match="colour"):
        copy.set_params(colour="red")
    assert is_classifier(copy)


def test_fit_changes_no_parameter_and_returns_itself():
    model = classifier()
    before = dict(model.get_params())
    assert model.fit(TEXTS, LABELS) is model
    assert model.get_params() == before
    assert clone(model).get_params() == before
    assert not hasattr(clone(model), "model_")


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_not_fitted(method):
    with pytest.raises(NotFittedError):
        getattr(TextClassifier(), method)(TEXTS)


def test_parameters_act():
    base = classifier().fit(TEXTS, LABELS).predict_proba(TEXTS)
    for changed in (classifier(encoder="token"), classifier(attention="dot"), classifier(seed=1)):
        assert np.abs(changed.fit(TEXTS, LABELS).predict_proba(TEXTS) - base).max() > 1e-6


def test_a_seed_among_the_settings_is_refused():
    with pytest.raises(HeedfulError, match=r"TextClassifier\(seed=\.\.\.\)"):
        classifier(settings={"seed": 4}).fit(TEXTS, LABELS)


# -- predictions ------------------------------------------------------------------------------


def test_fitting_again_forgets_and_repeats(fitted):
    model = classifier().fit(["b a", "a a", "c b", "c c"] * 3, [1, 2] * 6)
    model.fit(TEXTS, LABELS)
    assert model.classes_.tolist() == ["negative", "positive"]
    assert (model.predict_proba(TEXTS) == fitted.predict_proba(TEXTS)).all()


def test_shapes_and_sums(fitted):
    p = fitted.predict_proba(TEXTS)
    assert p.shape == (40, 2)
    assert p.dtype == np.float64
    assert np.abs(p.sum(axis=1) - 1).max() < 1e-12
    assert (fitted.predict(TEXTS) == fitted.classes_[p.argmax(axis=1)]).all()
    assert fitted.score(TEXTS, LABELS) == np.mean(fitted.predict(TEXTS) == np.array(LABELS))
    weight = np.arange(40)
    right = fitted.predict(TEXTS) == np.array(LABELS)
    assert fitted.score(TEXTS, LABELS, weight) == pytest.approx((right * weight).sum() / 780)
    assert len(fitted.history_) == 2


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 39), min_size=1, max_size=40))
def test_neither_order_nor_company_matters(chosen):
    model = _shared()
    whole = model.predict_proba(TEXTS)
    part = model.predict_proba([TEXTS[i] for i in chosen])
    assert np.abs(part - whole[chosen]).max() <= 1e-5


def _shared() -> TextClassifier:
    if not hasattr(_shared, "model"):
        _shared.model = classifier(encoder="bigru").fit(TEXTS, LABELS)
    return _shared.model


@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_no_text_at_all(task):
    if task == "binary":
        texts, y, classes = TEXTS, LABELS, 2
    else:
        examples, labels = topics() if task == "multi-class" else tagged()
        texts, classes = [e.text for e in examples], len(labels.names)
        y = [e.labels[0] if task == "multi-class" else list(e.labels) for e in examples]
    model = classifier().fit(texts, y)
    assert model.predict_proba([]).shape == (0, classes)
    assert len(model.predict([])) == 0
    assert model.predict_proba([""]).shape == (1, classes)


# -- labels -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "kind"),
    [(["no", "yes"], "U"), ([3, 5], "i"), ([False, True], "b"), ([-1.0, 2.5], "f")],
)
def test_labels_come_back_as_they_came(names, kind):
    y = [names[label == "positive"] for label in LABELS]
    model = classifier().fit(TEXTS, y)
    assert model.classes_.tolist() == names
    assert model.classes_.dtype.kind == kind
    assert model.predict(TEXTS).dtype.kind == kind
    assert set(model.predict(TEXTS)) <= set(names)
    assert model.score(TEXTS, y) == model.score(TEXTS, np.array(y))
    same = classifier().fit(TEXTS, LABELS).predict_proba(TEXTS)
    assert (model.predict_proba(TEXTS) == same).all(), "names do not matter"


def test_numbers_are_ordered_as_numbers():
    examples, _ = topics(30)
    number = {"food": 10, "space": 2, "sport": 1}
    y = [number[e.labels[0]] for e in examples]
    more = {"train.epochs": 40, "train.learning_rate": 0.03, "train.patience": 0}
    model = classifier(settings=more).fit([e.text for e in examples], y)
    assert model.classes_.tolist() == [1, 2, 10]
    assert model.score([e.text for e in examples], y) > 0.9


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (["a"] * 40, "at least two classes, got only 'a'"),
        ([None, *LABELS[1:]], "row 1: the label is missing"),
        ([*LABELS[:2], float("nan"), *LABELS[3:]], "row 3: the label is missing"),
        (pandas.Series([*LABELS[:4], pandas.NA, *LABELS[5:]]), "row 5: the label is missing"),
        (LABELS[:-1], "40 texts but 39 labels"),
        ([], "need at least two classes, got none"),
        ([["a"], "b", *[["b"]] * 38], "row 2: the label is no list"),
        ([["a"]] * 40, "at least two distinct labels"),
        (np.array([[0, 1], [2, 0]] * 20), "row 2, column 1: '2' in a matrix"),
        ([[0, 1], [0, 0]] * 20, "pass numpy.array(y)"),
    ],
)
def test_labels_that_cannot_be(y, says):
    with pytest.raises(HeedfulError) as error:
        classifier().fit(TEXTS, y)
    assert says in one_line(error)


def test_indicator_matrix():
    examples, labels = tagged(24)
    texts = [e.text for e in examples]
    matrix = np.array([[name in e.labels for name in labels.names] for e in examples]).astype(int)
    more = {"train.epochs": 40, "train.learning_rate": 0.03, "train.patience": 0}
    model = classifier(settings=more).fit(texts, matrix)
    predicted = model.predict(texts)
    assert predicted.shape == matrix.shape
    assert model.score(texts, matrix) == (predicted == matrix).all(axis=1).mean() > 0.8
    assert model.classes_.tolist() == [0, 1, 2]
    named = classifier(settings=more).fit(texts, [list(e.labels) for e in examples])
    assert named.classes_.tolist() == list(labels.names)
    sets = named.predict(texts)
    assert [set(s) for s in sets] == [
        {labels.names[c] for c in np.flatnonzero(row)} for row in predicted
    ]
    assert named.score(texts, [set(e.labels) for e in examples]) == model.score(texts, matrix)
    frame = pandas.DataFrame(matrix, columns=labels.names)
    again = classifier(settings=more).fit(texts, frame)
    assert (again.predict_proba(texts) == model.predict_proba(texts)).all()
    assert again.score(texts, frame) == model.score(texts, matrix)


# -- texts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        tuple,
        np.array,
        lambda t: np.array(t, dtype=object),
        lambda t: np.array(t)[:, None],
        lambda t: (text for text in t),
        lambda t: pandas.Series(t, index=range(100, 100 + len(t))),
        lambda t: pandas.DataFrame({"text": t}),
        lambda t: pandas.Series(t, dtype="string"),
        lambda t: polars.Series(t),
        lambda t: polars.DataFrame({"text": t}),
    ],
)
def test_texts_of_any_kind(fitted, wrap):
    labels = LABELS if wrap is tuple else wrap(LABELS)
    model = classifier().fit(wrap(TEXTS), labels)
    expected = fitted.predict_proba(TEXTS)
    assert (model.predict_proba(wrap(TEXTS)) == expected).all()
    assert model.classes_.tolist() == ["negative", "positive"]
    score = model.score(wrap(TEXTS), LABELS if wrap is tuple else wrap(LABELS))
    assert score == fitted.score(TEXTS, LABELS)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ("one text", "got one string"),
        (b"one text", "got one string"),
        (np.array("one text"), "got one ndarray"),
        (None, "got one NoneType"),
        (["a", None], "row 2: the text is missing"),
        (["a", float("nan")], "row 2: the text is missing"),
        (pandas.Series(["a", pandas.NA], dtype="string"), "row 2: the text is missing"),
        (polars.Series(["a", None]), "row 2: the text is missing"),
        (["a", "b", 3], "row 3: the text is a int"),
        ([["a"]], "row 1: the text is a list"),
        (pandas.DataFrame({"a": ["x"], "b": ["y"]}), "expected one column of texts, got 2"),
    ],
)
def test_texts_that_cannot_be(fitted, texts, says):
    for call in (fitted.predict_proba, lambda t: classifier().fit(t, LABELS)):
        with pytest.raises(HeedfulError) as error:
            call(texts)
        assert says in one_line(error)


# -- in company -------------------------------------------------------------------------------


def test_in_a_pipeline():
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    pipeline = Pipeline([("lower", lower), ("model", classifier())]).fit(TEXTS, LABELS)
    assert pipeline.predict_proba(TEXTS).shape == (40, 2)
    assert pipeline.set_params(model__seed=3)["model"].seed == 3


def test_grid_search_over_encoders():
    search = GridSearchCV(
        classifier(), {"encoder": ["token", "conv"]}, cv=2, error_score="raise"
    ).fit(TEXTS, LABELS)
    assert search.best_params_["encoder"] in ("token", "conv")
    assert len(search.predict(TEXTS)) == 40


def test_cross_validation():
    scores = cross_val_score(classifier(), TEXTS, LABELS, cv=2, error_score="raise")
    assert ((scores >= 0) & (scores <= 1)).all()


def test_without_validation_data():
    model = classifier(settings={"train.validation": 0}).fit(TEXTS, LABELS)
    assert all(not record.valid for record in model.history_)


@pytest.mark.parametrize("through", ["pickle", "joblib", "clone"])
def test_copies_say_the_same(fitted, tmp_path, through):
    if through == "joblib":
        joblib.dump(fitted, tmp_path / "model")
        copy = joblib.load(tmp_path / "model")
    elif through == "pickle":
        copy = pickle.loads(pickle.dumps(fitted))
    else:
        copy = clone(fitted).fit(TEXTS, LABELS)
    assert (copy.predict_proba(TEXTS) == fitted.predict_proba(TEXTS)).all()


def test_save_and_load(fitted, tmp_path):
    fitted.save(tmp_path / "run")
    back = load(tmp_path / "run")
    assert (back.predict_proba(TEXTS) == fitted.predict_proba(TEXTS)).all()
    assert (back.predict(TEXTS) == fitted.predict(TEXTS)).all()
    again = clone(back).fit(TEXTS, LABELS)
    assert (again.predict_proba(TEXTS) == fitted.predict_proba(TEXTS)).all(), "same settings"
    with pytest.raises(HeedfulError, match="already holds a run"):
        fitted.save(tmp_path / "run")
    (tmp_path / "file").write_text("")
    with pytest.raises(HeedfulError, match="is a file"):
        fitted.save(tmp_path / "file")


def test_verbose_prints_a_line_an_epoch(capsys):
    classifier(verbose=True).fit(TEXTS, LABELS)
    assert capsys.readouterr().out.count("validation accuracy") == 2
    classifier().fit(TEXTS, LABELS)
    assert capsys.readouterr().out == ""


def test_a_polars_column_of_lists_is_multi_label() -> None:
    texts = [f"bread {i}" if i % 2 else f"bread and moon {i}" for i in range(20)]
    labels = [["food"] if i % 2 else ["food", "space"] for i in range(20)]
    plain = classifier().fit(texts, labels)
    column = classifier().fit(texts, polars.Series(labels))
    assert column.model_.task == "multi-label"
    assert list(column.classes_) == ["food", "space"]
    assert np.array_equal(column.predict_proba(texts), plain.predict_proba(texts))
    assert column.score(texts, polars.Series(labels)) == plain.score(texts, labels)
