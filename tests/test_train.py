"""The training loop: broken losses, early stopping, schedules, weights, histories."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from heedful.learn import classifying
from heedful.learn.fit import fit
from heedful.learn.metrics import names
from heedful.learn.objective import balanced_weights, loss
from heedful.learn.outcome import Outcome, summarise
from heedful.learn.schedule import rate
from heedful.learn.train import MOST_ROLLBACKS
from heedful.records import HeedfulError
from heedful.text.corpus import split
from heedful.text.labels import Labels
from small_training import Notes, build, reviews, settings, tagged, topics, weights

SMALL = {"epochs": 3, "batch_size": 16, "patience": 0, "learning_rate": 0.01}


def trainer(store=None, listener=None, **more):
    examples = reviews()
    return build(
        settings(**(SMALL | more)), examples[:48], examples[48:], store=store, listener=listener
    )


class Broken:
    """The loss, not finite the first `times` times that the call number is in `at`."""

    def __init__(self, at: set[int], value: float = math.nan) -> None:
        self.at, self.value, self.calls = set(at), value, 0

    def __call__(self, *arguments):
        self.calls += 1
        result = loss(*arguments)
        return result * self.value if self.calls in self.at else result


# -- a loss that is not finite ----------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_a_broken_loss_goes_back_with_half_the_rate(monkeypatch, value, clip):
    notes = Notes()
    monkeypatch.setattr(classifying, "loss", Broken({5}, value))  # second batch of the second epoch
    outcome = trainer(listener=notes, clip_norm=clip).run()
    assert len(outcome.history) == 3
    assert [record.learning_rate for record in outcome.history] == [0.01, 0.005, 0.005]
    assert [record.step for record in outcome.history] == [3, 6, 9]
    assert notes.said == [
        "the loss or the weights were not finite at epoch 2, after 1 batches: back to the last "
        "good checkpoint with 0.5 of the learning rate"
    ]


def test_the_retry_starts_from_the_weights_of_the_epochs_start(monkeypatch):
    """Hand-made: an epoch, then the same second epoch with half the rate from its very start."""
    monkeypatch.setattr(classifying, "loss", Broken({5}))
    broken = trainer(epochs=2)
    broken.run()
    monkeypatch.setattr(classifying, "loss", loss)
    halved = trainer(epochs=2)

    def halve(listener_epoch, best):
        halved.state.rollbacks = 1

    halved.listener = Notes()
    halved.listener.epoch = halve
    halved.run()
    assert weights(halved.network) == weights(broken.network)


@pytest.mark.parametrize(
    "at", [1, 4, 5, 9, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3, 6, 7, 8))]
)
def test_rolled_back_then_killed_then_resumed(monkeypatch, tmp_path, at):
    """The loss breaks at step 4 while the rate is above a half: a property of the state alone."""

    class Dies(Notes):
        def batch(self, epoch, done, total, value):
            super().batch(epoch, done, total, value)
            if len(self.losses) == at:
                raise RuntimeError("power cut")

    def breaking(trained):
        def broken(*arguments):
            result = loss(*arguments)
            state = trained.state
            return result * math.nan if state.step == 4 and not state.rollbacks else result

        monkeypatch.setattr(classifying, "loss", broken)
        return trained

    whole = breaking(trainer())
    expected = whole.run()
    assert whole.state.rollbacks == 1
    with pytest.raises(RuntimeError):
        breaking(trainer(tmp_path, Dies(), checkpoint_seconds=1e-9)).run()
    again = breaking(trainer(tmp_path, checkpoint_seconds=1e-9))
    outcome = again.run(resume=True)
    assert again.state.rollbacks == 1
    assert weights(again.network) == weights(whole.network)
    rates = [record.learning_rate for record in outcome.history]
    assert rates == [record.learning_rate for record in expected.history] == [0.01, 0.005, 0.005]


def test_gives_up_in_one_line(monkeypatch):
    notes = Notes()
    monkeypatch.setattr(classifying, "loss", Broken(set(range(1, 1000))))
    with pytest.raises(HeedfulError, match=r"even at 0\.00390625 of the learning rate; set") as e:
        trainer(listener=notes).run()
    assert "\n" not in str(e.value)
    assert len(notes.said) == MOST_ROLLBACKS


@pytest.mark.parametrize("batch_size", [16, 64])
def test_an_absurd_rate_is_mended(batch_size):
    """Without clipping; with one batch an epoch the weights break at the epoch's very end."""
    notes = Notes()
    outcome = trainer(
        listener=notes, learning_rate=1e39, clip_norm=0, batch_size=batch_size, epochs=2
    )
    with np.errstate(all="ignore"):
        try:
            result = outcome.run()
        except HeedfulError as error:
            assert "not finite" in str(error)
        else:
            assert all(torch.isfinite(p).all() for p in outcome.network.parameters())
            assert all(math.isfinite(record.valid["loss"]) for record in result.history)
    assert notes.said[0].endswith("with 0.5 of the learning rate")


def test_a_broken_state_is_never_the_one_to_go_back_to(monkeypatch):
    """The last update of an epoch breaks the weights: the epoch is trained again."""
    notes = Notes()
    broken = trainer(listener=notes)
    original = broken.optimizer.step

    def step():
        original()
        if broken.state.step == 5 and not broken.state.rollbacks:  # the sixth: the end of epoch 2
            with torch.no_grad():
                broken.network.head.linear.weight[0, 0] = math.nan

    monkeypatch.setattr(broken.optimizer, "step", step)
    outcome = broken.run()
    assert len(outcome.history) == 3
    assert "epoch 2, after 3 batches" in notes.said[0]
    assert all(torch.isfinite(p).all() for p in broken.network.parameters())


# -- when to stop, and what to keep -----------------------------------------------------------


def run_with(values: list[float], **more) -> tuple[Outcome, object, list[dict]]:
    """A run whose validation figures are dictated."""
    told = Notes()
    trained = trainer(listener=told, epochs=len(values), **more)
    seen = []

    def dictated():
        seen.append(weights(trained.network))
        figures = dict.fromkeys(names("binary"), 0.5)
        return figures | {trained.config.monitor: values[len(seen) - 1]}

    trained._measure_valid = dictated
    return trained.run(), trained, seen


@pytest.mark.parametrize(
    ("monitor", "values", "patience", "delta", "epochs", "best"),
    [
        ("loss", [0.5, 0.4, 0.45, 0.41, 0.3], 2, 0.0, 4, 2),
        ("loss", [0.5, 0.4, 0.45, 0.41, 0.3], 3, 0.0, 5, 5),
        ("loss", [0.5, 0.4, 0.45, 0.41, 0.3], 0, 0.0, 5, 5),
        ("loss", [0.5, 0.45, 0.41, 0.38], 3, 0.1, 4, 4),
        ("loss", [0.5, 0.45, 0.41, 0.38], 2, 0.2, 3, 1),
        ("loss", [0.5, 0.5, 0.5], 1, 0.0, 2, 1),
        ("accuracy", [0.5, 0.7, 0.6, 0.65, 0.9], 2, 0.0, 4, 2),
        ("f1", [0.0, 0.0, 0.1], 2, 0.0, 3, 3),
        ("fn", [9, 7, 8, 8], 2, 0.0, 4, 2),
    ],
)
def test_early_stopping(monitor, values, patience, delta, epochs, best):
    outcome, trained, seen = run_with(values, monitor=monitor, patience=patience, min_delta=delta)
    assert len(outcome.history) == epochs
    assert outcome.best_epoch == best
    assert weights(trained.network) == seen[best - 1], "the best epoch's weights are kept"
    assert len(set(map(str, seen))) == epochs, "each epoch changes the weights"
    stopped = epochs < len(values) or (patience and epochs - best >= patience)
    reason = f"validation {monitor} has not improved for" if stopped else f"all {epochs} epochs"
    assert outcome.reason.startswith(reason)
    assert not trained.network.training


def test_the_last_epoch_is_kept_if_asked_for():
    outcome, trained, seen = run_with(
        [0.3, 0.2, 0.5], monitor="loss", patience=0, keep_epoch="last"
    )
    assert outcome.best_epoch == 3
    assert weights(trained.network) == seen[2]


def test_without_validation_the_last_weights_are_kept():
    trained = build(settings(**SMALL), reviews()[:48])
    outcome = trained.run()
    assert (outcome.best_epoch, len(outcome.history)) == (3, 3)
    assert outcome.history[0].valid == {}
    assert "training accuracy" in summarise(outcome.history, outcome.best_epoch)


@pytest.mark.parametrize(("steps", "epochs"), [(1, 1), (3, 1), (4, 2), (9, 3), (100, 3)])
def test_the_limit_of_steps(steps, epochs):
    notes = Notes()
    outcome = trainer(listener=notes, steps=steps).run()
    assert len(notes.losses) == min(steps, 9)
    assert len(outcome.history) == epochs
    assert outcome.history[-1].step == min(steps, 9)
    assert outcome.reason == (f"all {steps} steps done" if steps < 10 else "all 3 epochs done")


def test_a_misspelt_monitor_is_told_before_training():
    with pytest.raises(HeedfulError, match=r"train\.monitor=acuracy .*choose from loss, accuracy"):
        trainer(monitor="acuracy")
    with pytest.raises(HeedfulError, match="f1_micro"):
        trainer(monitor="f1_micro")


def test_a_monitor_that_is_not_defined():
    examples = reviews()
    same = [e for e in examples[48:] if e.labels == ("positive",)]
    with pytest.raises(HeedfulError, match=r"train\.monitor=auc is not defined"):
        build(settings(**SMALL, monitor="auc"), examples[:48], same).run()


# -- rates, weights, clipping -----------------------------------------------------------------


def test_schedules_by_hand():
    assert [rate("constant", 0.2, p) for p in (0, 0.5, 1)] == [0.2, 0.2, 0.2]
    assert [rate("linear", 0.2, p) for p in (0, 0.25, 1)] == pytest.approx([0.2, 0.15, 0])
    assert [rate("cosine", 0.2, p) for p in (0, 0.5, 1)] == pytest.approx([0.2, 0.1, 0])
    assert rate("cosine", 1, 1 / 3) == pytest.approx(0.75)
    cycle = [rate("one-cycle", 0.5, p) for p in (0, 0.15, 0.3, 0.65, 1)]
    assert cycle == pytest.approx([0.02, 0.26, 0.5, (0.5 + 5e-6) / 2, 5e-6])
    for schedule in ("linear", "cosine", "one-cycle", "constant"):
        assert rate(schedule, 1.0, 1.7) == rate(schedule, 1.0, 1.0)


@pytest.mark.parametrize("steps", [None, 6])
def test_the_schedule_runs_over_all_steps(steps):
    trained = trainer(schedule="linear", steps=steps)
    seen = []
    original = trained.optimizer.step

    def step():
        seen.append(trained.optimizer.rate)
        original()

    trained.optimizer.step = step
    trained.run()
    total = steps or 9
    assert seen == pytest.approx([0.01 * (1 - step / total) for step in range(total)])


def test_balanced_weights_by_hand():
    single = balanced_weights(np.array([0, 0, 0, 1]), 2, "binary")
    assert single.tolist() == pytest.approx([4 / 6, 4 / 2])
    absent = balanced_weights(np.array([0, 0, 2, 2, 2, 2]), 3, "multi-class")
    assert absent.tolist() == pytest.approx([1.0, 1.0, 0.5])
    many = balanced_weights(
        np.array([[1, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0]]), 3, "multi-label"
    )
    assert many.tolist() == pytest.approx([3.0, 1.0, 1 / 3])


def test_weighted_losses_by_hand():
    log = math.log
    half = torch.zeros(3, 1)
    truth = torch.tensor([0, 1, 1])
    assert float(loss(half, truth, "binary", None)) == pytest.approx(log(2))
    sure = torch.tensor([[log(3.0)], [log(3.0)], [0.0]])  # p = 3/4, 3/4, 1/2
    each = [log(4), log(4 / 3), log(2)]
    shares = torch.tensor([2.0, 1.0])
    weighted = float(loss(sure, truth, "binary", shares))
    assert weighted == pytest.approx((2 * each[0] + each[1] + each[2]) / 4)
    logits = torch.tensor([[log(2.0), 0.0, 0.0], [0.0, log(6.0), 0.0]])  # p = 1/2 ..., .. 6/8
    found = loss(logits, torch.tensor([0, 1]), "multi-class", torch.tensor([3.0, 1.0, 9.0]))
    assert float(found) == pytest.approx((3 * log(2) + log(8 / 6)) / 4)
    several = loss(torch.zeros(2, 3), torch.eye(3)[:2], "multi-label", torch.tensor([1.0, 5, 1]))
    assert float(several) == pytest.approx((3 * log(2) + (2 + 5) * log(2)) / 2)


def test_class_weights_act():
    examples = [e for i, e in enumerate(reviews(80)) if e.labels == ("positive",) or i % 8 == 0]
    shares = []
    for chosen in ("none", "balanced"):
        trained = build(settings(**SMALL, class_weights=chosen), examples)
        trained.run()
        shares.append(weights(trained.network))
    assert shares[0] != shares[1]


def test_clipping_acts():
    """A rate that does not matter, momentum-free first step: the gradient itself is looked at."""
    norms = {}
    for clip in (0.0, 1e-3):
        trained = trainer(clip_norm=clip, steps=1)

        def step(trained=trained, clip=clip):
            parts = [p.grad.norm() for p in trained.network.parameters() if p.grad is not None]
            norms[clip] = float(torch.stack(parts).norm())

        trained.optimizer.step = step
        trained.run()
    assert norms[1e-3] == pytest.approx(1e-3, rel=1e-3)
    assert norms[0.0] > 0.01


# -- what it learns and tells -----------------------------------------------------------------


def cases():
    return {
        "binary": (reviews(20), Labels(("negative", "positive"), "binary")),
        "multi-class": topics(20),
        "multi-label": tagged(20),
    }


# Each task and each encoder once; all nine in the slow tests.
FAST = {("binary", "bigru"), ("multi-class", "conv"), ("multi-label", "token")}
TASKS, ENCODERS = ("binary", "multi-class", "multi-label"), ("token", "conv", "bigru")


@pytest.mark.parametrize(
    ("task", "encoder"),
    [
        pytest.param(*pair, marks=[] if pair in FAST else pytest.mark.slow)
        for pair in itertools.product(TASKS, ENCODERS)
    ],
)
def test_learns_twenty_texts_by_heart(task, encoder):
    examples, labels = cases()[task]
    config = settings(
        epochs=40, batch_size=20, patience=0, learning_rate=0.03, model__encoder=encoder
    )
    trained = build(config, examples, examples, labels)
    outcome = trained.run()
    best = outcome.history[outcome.best_epoch - 1].valid
    assert best["accuracy"] == 1.0
    assert best["f1"] == best["auc"] == 1.0
    assert best["fp"] == best["fn"] == 0


@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_the_history_tells_everything(task):
    examples, labels = cases()[task]
    notes = Notes()
    config = settings(epochs=2, batch_size=7, patience=0)
    outcome = build(config, examples, examples[:9], labels, listener=notes).run()
    assert [record.epoch for record in outcome.history] == [1, 2]
    wanted = {"loss", "tp", "fp", "tn", "fn", "accuracy", "precision", "recall", "f1", "auc"}
    for record in outcome.history:
        assert wanted <= set(record.train)
        assert set(record.train) == set(record.valid)
        columns = 1 if task == "binary" else 3
        counts = ("tp", "fp", "tn", "fn")
        assert sum(record.train[c] for c in counts) == 20 * columns
        assert sum(record.valid[c] for c in counts) == 9 * columns
        assert record.seconds >= 0
        assert record.tokens_per_second > 0
    assert tuple(record for record, _ in notes.epochs) == outcome.history


def test_the_running_loss_is_that_of_the_batches():
    """Equal batches: the epoch's training loss is the mean of what the listener heard."""
    notes = Notes()
    outcome = trainer(listener=notes, batch_size=12, epochs=1).run()
    assert len(notes.losses) == 4
    assert outcome.history[0].train["loss"] == pytest.approx(np.mean(notes.losses), abs=1e-5)


def test_drop_out_is_off_in_evaluation_and_on_in_training():
    trained = trainer(model__head_dropout=0.9, model__word_dropout=0.5)
    modes = []
    original = trained.network.forward_hook = trained.network.head.register_forward_hook(
        lambda *_: modes.append(trained.network.training)
    )
    trained.network.train()
    assert trained._measure_valid() == trained._measure_valid()
    assert trained.network.training, "the mode is restored"
    assert set(modes) == {False}
    modes.clear()
    trained.run()
    assert True in modes
    original.remove()


def test_nothing_of_torch_is_left_changed():
    examples = reviews()
    train, valid = split(examples, 0.2, 0)
    torch.manual_seed(99)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    config = settings(**SMALL)
    other = replace(config, train=replace(config.train, threads=threads + 1))
    fit(train, valid, Labels(("negative", "positive"), "binary"), other)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    tiny = torch.tensor([1e-30]) * 1e-10
    assert float(tiny) > 0, "denormal numbers are numbers again"


def test_the_seed_of_the_caller_does_not_matter():
    examples = reviews()
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        fitted = fit(
            examples[:48], examples[48:], Labels(("negative", "positive"), "binary"),
            settings(**SMALL, seed=5),
        )  # fmt: skip
        found.append(weights(fitted.model.network))
    assert found[0] == found[1]


def test_fit_refuses_nothing_to_learn_from():
    labels = Labels(("negative", "positive"), "binary")
    with pytest.raises(HeedfulError, match="no training text"):
        fit([], [], labels, settings())
    blank = [replace(e, text=" ") for e in reviews(4)]
    with pytest.raises(HeedfulError, match="no token occurs often enough"):
        fit(blank, [], labels, settings())
