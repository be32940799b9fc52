"""Explanations: sums, offsets, targets, and independence of company."""

from __future__ import annotations

import numpy as np
import pytest

from heedful.explain.attribute import CHUNK, explain, explain_examples
from heedful.learn.estimator import TextClassifier
from heedful.learn.fit import fit
from heedful.learn.model import TextModel
from heedful.records import Example, HeedfulError
from heedful.text.labels import Labels
from small_training import reviews, settings, tagged, topics

TASKS = ("binary", "multi-class", "multi-label")


def examples_of(task: str) -> tuple[list[Example], Labels]:
    if task == "binary":
        return reviews(20), Labels(("negative", "positive"), "binary")
    return topics() if task == "multi-class" else tagged()


def trained(task: str = "binary", **more) -> TextModel:
    examples, labels = examples_of(task)
    config = settings(epochs=3, batch_size=8, learning_rate=0.02, **more)
    return fit(examples, [], labels, config).model


@pytest.fixture(scope="module")
def models() -> dict[str, TextModel]:
    return {task: trained(task, model__encoder="bigru") for task in TASKS}


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


@pytest.mark.parametrize("head", ["linear", "dense"])
@pytest.mark.parametrize("task", TASKS)
def test_base_and_contributions_sum_to_the_logits(task, head):
    model = trained(task, model__head=head, model__encoder="bigru")
    for example in examples_of(task)[0][:8]:
        found = explain(model, example.text)
        assert list(found.contributions) == list(model.labels.names)
        for name in model.labels.names:
            total = found.base[name] + sum(found.contributions[name])
            assert total + found.error[name] == pytest.approx(found.logits[name], abs=1e-9)
            assert abs(found.error[name]) < 1e-5, "the error is rounding"
            assert len(found.contributions[name]) == len(found.tokens) == len(found.attention)
        assert any(abs(v) > 1e-4 for values in found.contributions.values() for v in values)
        assert sum(found.attention) == pytest.approx(1, abs=1e-5)
        assert min(found.attention) >= 0
        # the logits belong to the probabilities
        logits = np.array(list(found.logits.values()))
        p = np.array(list(found.prediction.probabilities.values()))
        if task == "multi-class":
            exponents = np.exp(logits - logits.max())
            assert p == pytest.approx(exponents / exponents.sum(), abs=1e-6)
        else:
            assert p == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-6)


def test_a_binary_map_is_its_own_mirror(models):
    found = explain(models["binary"], reviews(3)[0].text)
    for part in (found.logits, found.base, found.error):
        assert part["negative"] == -part["positive"]
    mirrored = tuple(-v for v in found.contributions["negative"])
    assert mirrored == found.contributions["positive"]
    assert logit(found.prediction.probabilities["positive"]) == pytest.approx(
        found.logits["positive"], abs=1e-4
    )


@pytest.mark.parametrize("task", TASKS)
def test_the_target(models, task):
    model = models[task]
    text = examples_of(task)[0][1].text
    found = explain(model, text)
    assert found.target == max(
        found.prediction.probabilities, key=found.prediction.probabilities.get
    )
    for name in model.labels.names:
        chosen = explain(model, text, name)
        assert chosen.target == name
        assert chosen.contributions == found.contributions
    with pytest.raises(HeedfulError, match="unknown class 'blue'; the model knows") as error:
        explain(model, text, "blue")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("task", TASKS)
def test_the_prediction_is_that_of_predict(models, task):
    texts = [e.text for e in examples_of(task)[0]] + ["", "qqq www"]
    found = [e.prediction for e in explain(models[task], texts)]
    for ours, theirs in zip(found, models[task].predict(texts), strict=True):
        assert (ours.labels, ours.tokens, ours.unknown, ours.cut) == (
            theirs.labels, theirs.tokens, theirs.unknown, theirs.cut,
        )  # fmt: skip
        assert ours.probabilities == pytest.approx(theirs.probabilities, abs=1e-6)


def test_tokens_lie_on_the_users_own_characters(models):
    text = "  The FILM, <br />was GREAT!! 😀 ... naïve café\t"
    found = explain(models["binary"], text)
    assert found.text == text
    end = 0
    for token in found.tokens:
        assert end <= token.start < token.end <= len(text)
        end = token.end
        assert text[token.start : token.end].lower() == token.text
    covered = {i for t in found.tokens for i in range(t.start, t.end)}
    bare = text.replace("<br />", "      ")
    assert covered == {i for i, c in enumerate(bare) if not c.isspace()}


@pytest.mark.parametrize("text", ["", "   \n", "<br />"])
@pytest.mark.parametrize("task", TASKS)
def test_a_text_without_tokens(models, task, text):
    found = explain(models[task], text)
    assert found.tokens == found.attention == ()
    assert set(found.contributions.values()) == {()}
    assert found.logits == pytest.approx(found.base, abs=1e-6)
    assert all(np.isfinite(list(found.prediction.probabilities.values())))
    assert found.prediction.tokens == 0


def test_a_text_of_unknown_words(models):
    found = explain(models["binary"], "Xylophones quack zzz")
    assert [t.text for t in found.tokens] == ["xylophones", "quack", "zzz"]
    assert (found.prediction.tokens, found.prediction.unknown) == (3, 3)
    assert sum(found.attention) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_alone_as_in_company(models, task):
    texts = [e.text for e in examples_of(task)[0]] + ["", "word"]
    together = explain(models[task], texts)
    assert [e.text for e in together] == texts
    for text, found in zip(texts, together, strict=True):
        alone = explain(models[task], text)
        assert alone.tokens == found.tokens
        assert alone.attention == pytest.approx(found.attention, abs=1e-5)
        assert alone.logits == pytest.approx(found.logits, abs=1e-5)
        for name in alone.contributions:
            assert alone.contributions[name] == pytest.approx(found.contributions[name], abs=1e-5)


WORDS = "the film was not bad at all but the end was weak"


@pytest.mark.parametrize(
    ("keep", "words"),
    [("first", "the film was not bad"), ("last", "but the end was weak"),
     ("both", "the film was was weak")],
)  # fmt: skip
def test_max_tokens_maps_the_right_tokens(keep, words):
    model = trained(text__max_tokens=5, text__keep=keep, model__encoder="token")
    found = explain(model, WORDS)
    assert " ".join(WORDS[t.start : t.end] for t in found.tokens) == words
    assert found.text == WORDS
    assert (found.prediction.tokens, found.prediction.cut) == (12, 7)
    # the model without context says the same of the very words that were read
    read = explain(model, words)
    assert found.contributions["positive"] == pytest.approx(read.contributions["positive"])
    assert found.attention == pytest.approx(read.attention)


def test_labels_and_gold_are_carried_along(models):
    made = reviews(CHUNK + 5)
    found = list(explain_examples(models["binary"], made))
    assert len(found) == len(made)
    for example, explanation in zip(made, found, strict=True):
        assert (explanation.text, explanation.label) == (example.text, example.labels)
        assert explanation.gold == example.gold
    assert any(e.gold for e in found)


def test_what_explain_takes(models):
    with pytest.raises(HeedfulError, match="needs a fitted TextClassifier"):
        explain(TextClassifier(), "a")
    with pytest.raises(HeedfulError, match="needs a fitted"):
        explain("a model", "a")
    with pytest.raises(HeedfulError, match="row 2: the text is missing"):
        explain(models["binary"], ["a", None])
    assert explain(models["binary"], []) == []
    assert len(explain(models["binary"], (t for t in ["a", "b"]))) == 2


def test_classes_that_are_numbers():
    made = reviews(20)
    config = {"train.epochs": 1, "model.hidden": 4, "model.embedding": 4}
    model = TextClassifier(settings=config)
    model.fit([e.text for e in made], [int(e.labels[0] == "positive") for e in made])
    assert explain(model, "good", model.classes_[0]).target == "0"
    assert explain(model, "good", 1).target == "1"
