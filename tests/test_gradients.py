"""A batch cut into parts, one a thread: the same gradients, and the same again."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from heedful.config import Config, TrainConfig
from heedful.learn.classifying import Classifying
from heedful.learn.data import Data
from heedful.learn.gradients import Gradients
from heedful.learn.sequence_data import SequenceData, sources_as_ids, targets_as_ids
from heedful.learn.taught import Taught
from heedful.learn.transducing import Transducing
from heedful.learn.updates import Updates
from heedful.nn.classify import Classifier
from heedful.nn.dropout import Dropout
from heedful.nn.transduce import Transducer
from heedful.settings import apply
from heedful.text.vocab import Encoded

BATCH = np.random.default_rng(1).permutation(40)[:21]
SMALL = {
    "model.embedding": 6,
    "model.hidden": 3,
    "model.encoder": "bilstm",
    "train.precision": "float32",
}
DROPS = {"model.embedding_dropout": 0.5, "model.word_dropout": 0.3, "train.masked_training": 0.5}


def texts() -> Encoded:
    random = np.random.default_rng(0)
    lengths = random.integers(1, 9, 40)
    none = np.zeros(40, np.int64)
    ids = random.integers(4, 30, lengths.sum()).astype(np.int32)
    return Encoded(ids, np.r_[0, np.cumsum(lengths)], none, none)


TARGETS = {
    "binary": np.arange(40) % 3 % 2,
    "multi-class": np.arange(40) % 3,
    "multi-label": (np.arange(120).reshape(40, 3) % 7 < 3).astype(np.int64),
}


def classifying(task: str, **given: object) -> Classifying:
    config = apply(Config(), {**SMALL, **{k.replace("__", "."): v for k, v in given.items()}})
    torch.manual_seed(0)
    network = Classifier(config.model, 30, 1 if task == "binary" else 3).train()
    data = Data(texts(), TARGETS[task])
    return Classifying(network, data, None, config.train, task, 2 if task == "binary" else 3)


def taught(task: str) -> Taught:
    made = classifying(task)
    width = 1 if task == "binary" else 3
    soft = np.full((40, width), 1 / max(width, 2), np.float32)
    classes = max(width, 2)
    return Taught(made.network, made.train, None, made.config, task, classes, texts(), soft)


def transducing(**given: object) -> Transducing:
    chosen = {k.replace("__", "."): v for k, v in given.items()}
    config = apply(Config(), {**SMALL, "sequence.units": 5, **chosen})
    torch.manual_seed(0)
    network = Transducer(config.model, config.sequence, 30, 12).train()
    rows = texts()
    targets = targets_as_ids([[4 + i % 7] * (i % 5) for i in range(40)])
    sources = sources_as_ids(
        [list(rows.ids[a:b]) for a, b in zip(rows.starts, rows.starts[1:], strict=False)]
    )
    return Transducing(network, SequenceData(sources, targets), None, config.sequence)


def worked_out(job, threads: int, seed: int = 7):
    gradients = Gradients(job, threads)
    found = gradients(BATCH, 0.5, seed)
    assert (gradients.pool is None) == (threads == 1)
    gradients.close()
    grads = {n: p.grad for n, p in job.network.named_parameters() if p.grad is not None}
    return found, grads


PLAIN = {
    **{task: lambda task=task: classifying(task) for task in TARGETS},
    "convolution": lambda: classifying("binary", model__encoder="conv"),
    "transformer": lambda: classifying("binary", model__encoder="transformer", model__heads=3),
    "class weights": lambda: classifying("multi-class", train__class_weights="balanced"),
    "class weights, binary": lambda: classifying("binary", train__class_weights="balanced"),
    "penalties": lambda: classifying("binary", train__conicity=0.5, train__tying=0.3),
    "taught": lambda: taught("binary"),
    "taught, classes": lambda: taught("multi-class"),
    "rewriting": transducing,
    "smoothed": lambda: transducing(sequence__label_smoothing=0.1, sequence__coverage=0.5),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_parts_add_up_to_the_batch(kind):
    job = PLAIN[kind]()
    whole, expected = worked_out(job, 1)
    parts, found = worked_out(job, 2)
    assert found.keys() == expected.keys() and len(found) > 4
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, msg=lambda m, n=name: f"{n}: {m}")
    torch.testing.assert_close(parts.value, whole.value.detach())
    torch.testing.assert_close(parts.output, whole.output.detach())
    if whole.extra is not None:
        torch.testing.assert_close(parts.extra, whole.extra.detach())


@pytest.mark.parametrize(
    "job", [lambda: classifying("binary", **{k.replace(".", "__"): v for k, v in DROPS.items()}),
            lambda: transducing(sequence__decoder_dropout=0.3, sequence__scheduled_sampling=0.5)]
)  # fmt: skip
def test_what_threads_draw_is_the_seeds_alone(job):
    made = job()
    first, again, other = (worked_out(made, 2, seed)[1] for seed in (7, 7, 8))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("network", [{"encoder": "bigru"}, {"encoder": "bilstm", "gate": "relu"}])
def test_half_precision_does_not_hang_on_what_other_threads_have_cached(network):
    """Rounded weights are cached for all threads together; who leaves first empties the cache."""
    given = {f"model__{name}": value for name, value in network.items()}
    made = classifying("binary", train__precision="bfloat16", **given)
    expected, over = worked_out(made, 1)[1], threading.Event()

    def empties() -> None:
        while not over.is_set():
            torch.clear_autocast_cache()

    other = threading.Thread(target=empties)
    other.start()
    try:
        found = [worked_out(made, 1)[1] for _ in range(6)]
    finally:
        over.set()
        other.join()
    for name, gradient in expected.items():
        assert all(torch.equal(one[name], gradient) for one in found), name


def test_parts_draw_different_numbers():
    """Two halves of one text repeated: under equal draws their outputs would be equal, too."""
    job = classifying("binary", model__embedding_dropout=0.5)
    job.train = replace(job.train, encoded=sources_as_ids([[5, 6, 7]] * 40))
    found, _ = worked_out(job, 2)
    halves = found.output[0::2], found.output[1::2]
    assert not torch.equal(halves[0][:10], halves[1])


@pytest.mark.parametrize("kind", ["binary", "convolution", "rewriting"])
def test_a_step_by_parts_is_the_step_of_the_batch(kind):
    """Fused optimizers read gradients as they lie in memory, whatever their strides say."""
    moved = []
    for threads in (1, 2):
        job = PLAIN[kind]()
        updates = Updates(job.network, replace(TrainConfig(), learning_rate=0.1))
        worked_out(job, threads)
        updates.step()
        moved.append({name: p.detach().clone() for name, p in job.network.named_parameters()})
    before = dict(PLAIN[kind]().network.named_parameters())
    for name, weight in moved[0].items():
        # Adam's first step is as long for a gradient of rounding alone as for any other.
        torch.testing.assert_close(moved[1][name], weight, atol=2e-3, rtol=0, msg=name)
    assert any(not torch.equal(before[name], weight) for name, weight in moved[0].items())


def test_a_mean_over_marked_texts_is_not_cut():
    """How many of a part are marked is not known before it is read."""
    job = classifying("binary")
    marks = np.ones(len(job.train.encoded.ids), bool)
    config = replace(job.config, rationales=1.0)
    data = replace(job.train, evidence=marks)
    assert job.divisible
    assert not Classifying(job.network, data, None, config, "binary", 2).divisible


def test_drop_out_outside_a_part_draws_from_the_global_generator():
    layer, values = Dropout(0.5).train(), torch.ones(100)
    torch.manual_seed(3)
    first = layer(values)
    torch.manual_seed(3)
    assert torch.equal(first, layer(values))
    assert isinstance(layer, nn.Dropout)
