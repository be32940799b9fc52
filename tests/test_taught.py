"""A network taught by a model on texts without labels: by hand, and through a whole fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heedful.learn.data import Data
from heedful.learn.fit import finished, fit
from heedful.learn.listener import Silent
from heedful.learn.objective import loss
from heedful.learn.outcome import Outcome
from heedful.learn.taught import Taught, as_probabilities, as_taught, one_after_the_other
from heedful.nn.classify import Classifier
from heedful.records import Epoch
from heedful.text.vocab import Encoded
from small_training import settings, topics

RANDOM = np.random.default_rng(0)


def some(texts: int) -> Encoded:
    lengths = RANDOM.integers(1, 6, texts)
    nothing = np.zeros(texts, np.int32)
    ids = RANDOM.integers(4, 20, lengths.sum()).astype(np.int32)
    return Encoded(ids, np.r_[0, np.cumsum(lengths)], nothing, nothing)


TASKS = {
    "binary": (2, np.array([0, 1, 1]), np.array([[0.25], [0.75]])),
    "multi-class": (3, np.array([0, 2, 1]), np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]])),
    "multi-label": (
        3,
        np.array([[0, 1, 1], [0, 0, 0], [1, 0, 0]]),
        np.array([[0.9, 0.1, 0.5]] * 2),
    ),
}


def job(task: str) -> Taught:
    classes, targets, soft = TASKS[task]
    torch.manual_seed(0)
    network = Classifier(settings().model, 30, 1 if task == "binary" else classes)
    data = Data(some(3), targets)
    return Taught(network, data, None, settings().train, task, classes, some(2), soft)


@pytest.mark.parametrize("task", TASKS)
def test_real_labels_cost_what_they_cost_without_a_teacher(task):
    taught = job(task)
    found = taught.forward(np.arange(3), 0.0)
    targets = torch.from_numpy(taught.train.targets)
    assert found.value.item() == pytest.approx(loss(found.output, targets, task, None).item())


@pytest.mark.parametrize("task", TASKS)
def test_a_teachers_word_by_hand(task):
    taught = job(task)
    found = taught.forward(np.array([3, 4]), 0.0)
    soft, logits = TASKS[task][2], found.output.detach().double().numpy()
    if task == "multi-class":
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        expected = -(soft * np.log(shares)).sum(axis=1).mean()
    else:
        shares = 1 / (1 + np.exp(-logits))
        each = soft * np.log(shares) + (1 - soft) * np.log(1 - shares)
        expected = -each.sum(axis=1).mean()
    assert found.value.item() == pytest.approx(expected, rel=1e-5)


def test_figures_of_training_are_of_real_labels_alone():
    taught = job("binary")
    seen = np.array([True, False, True, True, True])
    outputs = np.array([[-3.0], [3.0], [9.0], [9.0]], np.float32)  # of texts 0 and 2, then taught
    assert taught.measure_train(outputs, seen)["accuracy"] == 1


def test_probabilities_have_the_columns_that_logits_have():
    assert as_probabilities(np.array([1, 0]), "binary", 1).tolist() == [[1], [0]]
    assert as_probabilities(np.array([2, 0]), "multi-class", 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert as_taught(np.array([[0.3, 0.7]]), "binary").tolist() == [[pytest.approx(0.7)]]


def test_histories_are_counted_on():
    def record(number, step):
        return Epoch(number, step, 1.0, 0.1, 1.0, {}, {})

    first = Outcome((record(1, 5), record(2, 10)), 1, "all done", interrupted=False)
    second = Outcome((record(1, 30),), 1, "the one epoch done", interrupted=False)
    both = one_after_the_other(first, second)
    assert [(e.epoch, e.step) for e in both.history] == [(1, 5), (2, 10), (3, 40)]
    assert (both.best_epoch, both.reason) == (3, "the one epoch done")


class Told(Silent):
    def __init__(self):
        self.said = []

    def say(self, message):
        self.said.append(message)


@pytest.mark.parametrize("orders", [pytest.param(0, marks=pytest.mark.slow), 2])
def test_a_whole_fit(orders):
    config = settings(
        epochs=3, batch_size=16, pretrain__taught=8, pretrain__regions=1, pretrain__min_count=1,
        evidence__orders=orders, learning_rate=0.02, patience=0,
    )  # fmt: skip
    examples, labels = topics(150)
    more = [f"{example.text} again" for example in topics(90)[0]]
    told = Told()
    fitted = finished(fit(examples[:100], examples[100:], labels, config, None, told, more))
    (line,) = [line for line in told.said if "is taught to another" in line]
    assert line.startswith(f"what the model says of {len(more)} texts without labels")
    assert [e.epoch for e in fitted.outcome.history] == list(range(1, 12))
    assert fitted.validation["accuracy"] == 1
    assert (fitted.model.network.evidence is not None) == bool(orders)
    plain = finished(fit(examples[:100], examples[100:], labels, config))
    assert len(plain.outcome.history) == 3  # there was nothing to teach on


def test_a_taught_network_that_is_worse_does_not_take_the_place():
    config = settings(
        epochs=6, batch_size=16, pretrain__taught=1, pretrain__min_count=1, learning_rate=0.02,
        patience=0, text__min_frequency=1,
    )  # fmt: skip
    examples, labels = topics(150)
    told = Told()
    fitted = fit(examples[:100], examples[100:], labels, config, None, told, ["bread and moon"])
    assert told.said.count("the network that was taught is no better: the first one is kept") == 1
    plain = fit(examples[:100], examples[100:], labels, config)
    assert len(fitted.outcome.history) == len(plain.outcome.history) == 6
    assert fitted.validation["accuracy"] == 1
