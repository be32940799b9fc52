"""Logs of training: every batch and epoch once, whatever happens on the way."""

from __future__ import annotations

import csv
import math
from importlib.util import find_spec
from pathlib import Path

import pytest

from command_line import heedful
from heedful.learn.estimator import TextClassifier
from heedful.learn.listener import Silent
from heedful.learn.logs import clear_logs, logging_to, places_of
from heedful.learn.recording import Recording, Step
from heedful.records import Epoch, HeedfulError
from small_training import Notes, build, reviews, settings

needs_tensorboard = pytest.mark.skipif(
    find_spec("tensorboard") is None, reason="tensorboard is not installed"
)
GIVEN = {"epochs": 3, "batch_size": 16, "patience": 0}
BATCHES = 12  # 54 texts, 4 batches an epoch
ROWS = list(range(1, BATCHES + 1))


class Killed(BaseException):
    """What a kill is to those that are inside."""


class Dying(Notes):
    """Dies at the n-th call of one of its methods."""

    def __init__(self, method: str, at: int) -> None:
        super().__init__()
        self.method, self.left = method, at

    def _count(self, method: str) -> None:
        if method == self.method:
            self.left -= 1
            if not self.left:
                raise Killed

    def batch(self, epoch, done, total, loss) -> None:
        self._count("batch")

    def epoch(self, epoch, best) -> None:
        self._count("epoch")


def run(store: Path, places: dict, watch=None, resume: bool = False, **more: object) -> Notes:
    notes = watch or Notes()
    with logging_to(notes, places) as listener:
        data = reviews(54), reviews(20, 2)
        config = settings(**(GIVEN | more))
        build(config, *data, store=store, listener=listener).run(resume=resume)
    return notes


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def figures(folder: Path) -> list[tuple[str, ...]]:
    """What does not hang on the clock."""
    found = [tuple(row[k] for k in ("step", "epoch", "loss", "learning_rate", "tokens"))
             for row in rows(folder / "batches.csv")]  # fmt: skip
    clock = ("seconds", "tokens_per_second")
    epochs = rows(folder / "epochs.csv")
    return found + [tuple(v for k, v in row.items() if k not in clock) for row in epochs]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Path, Notes]:
    """A training without interruption, its logs, and what its listener heard."""
    folder = tmp_path_factory.mktemp("whole")
    places = {"csv": folder / "logs"}
    if find_spec("tensorboard"):
        places["tensorboard"] = folder / "tb"
    return folder, run(folder / "store", places)


def test_csv_holds_what_the_listener_heard(whole):
    folder, notes = whole
    batches, epochs = rows(folder / "logs" / "batches.csv"), rows(folder / "logs" / "epochs.csv")
    assert [int(row["step"]) for row in batches] == ROWS
    assert [int(row["epoch"]) for row in batches] == [1] * 4 + [2] * 4 + [3] * 4
    assert [float(row["loss"]) for row in batches] == pytest.approx(notes.losses, rel=1e-6)
    for row in batches:
        speed = int(row["tokens"]) / float(row["seconds"])
        assert float(row["tokens_per_second"]) == pytest.approx(speed, rel=1e-3)
    assert len(epochs) == 3
    for row, (epoch, _) in zip(epochs, notes.epochs, strict=True):
        assert (int(row["epoch"]), int(row["step"])) == (epoch.epoch, epoch.step)
        assert float(row["train_loss"]) == pytest.approx(epoch.train["loss"], rel=1e-6)
        assert float(row["valid_f1"]) == pytest.approx(epoch.valid["f1"], rel=1e-6)


@pytest.mark.parametrize(
    ("method", "at", "every"),
    [("batch", 1, 0), ("batch", 7, 0), ("batch", 7, 1e-9), ("epoch", 1, 0), ("epoch", 3, 1e-9)],
)
def test_every_row_once_after_a_kill(whole, tmp_path, method, at, every):
    """Between a row and its checkpoint, between a checkpoint and its row, within a row."""
    places = {"csv": tmp_path / "logs"}
    with pytest.raises(Killed):
        run(tmp_path / "store", places, Dying(method, at), checkpoint_seconds=every)
    with (tmp_path / "logs" / "batches.csv").open("a", encoding="utf-8") as stream:
        stream.write("13,4,0.1")  # half a row
    run(tmp_path / "store", places, resume=True)
    assert figures(tmp_path / "logs") == figures(whole[0] / "logs")


def test_rows_are_on_file_at_once(tmp_path):
    """A checkpoint must never hold a batch whose row is not on file."""
    place, seen = tmp_path / "logs", []

    class Looking(Notes):
        def batch(self, epoch, done, total, loss) -> None:
            seen.append(len(rows(place / "batches.csv")))

    run(tmp_path / "store", {"csv": place}, Looking(), epochs=1)
    assert seen == [0, 1, 2, 3], "each sees all rows before its own"


def test_a_loss_that_breaks_leaves_no_row_of_the_lost_batches(tmp_path):
    notes, calls = Notes(), []
    with logging_to(notes, {"csv": tmp_path}) as listener:
        trainer = build(settings(**GIVEN), reviews(54), reviews(20, 2), listener=listener)
        forward = trainer.job.forward

        def breaking(order, progress, of=None):
            calls.append(1)
            found = forward(order, progress, of)
            return replace_value(found, math.nan) if len(calls) == 7 else found

        trainer.job.forward = breaking
        trainer.run()
    assert any("not finite" in line for line in notes.said)
    found = rows(tmp_path / "batches.csv")
    assert [int(row["step"]) for row in found] == ROWS
    rates = [float(row["learning_rate"]) for row in found]
    assert rates[:4] == [1e-3] * 4 and set(rates[4:]) == {5e-4}, "the second epoch's second try"


def replace_value(found, value):
    return found._replace(value=found.value * value)


def made_epoch(number: int, step: int) -> Epoch:
    return Epoch(number, step, 1.0, 0.1, 10.0, {"loss": 0.5 / number}, {"loss": math.nan})


def test_a_second_training_is_counted_on(tmp_path):
    """As history.jsonl has it where one network teaches another."""
    with logging_to(Silent(), {"csv": tmp_path}) as listener:
        for steps in (3, 2):
            listener.begin(0, ())
            for step in range(1, steps + 1):
                listener.step(Step(step, 1, 0.25, 0.1, 7, 0.5))
            listener.epoch(made_epoch(1, steps), True)
        listener.begin(0, ())
        listener.back(0, ())
    found = rows(tmp_path / "batches.csv")
    assert [(row["step"], row["epoch"]) for row in found] == [
        *(("1", "1"), ("2", "1"), ("3", "1"), ("4", "2"), ("5", "2")),
    ]
    assert found[0]["tokens_per_second"] == "14"
    epochs = rows(tmp_path / "epochs.csv")
    assert [(row["epoch"], row["step"]) for row in epochs] == [("1", "3"), ("2", "5")]
    assert {row["valid_loss"] for row in epochs} == {""}, "no number"


def test_a_file_that_is_not_ours_is_begun_anew(tmp_path):
    (tmp_path / "batches.csv").write_bytes(b"a,b\n1,\xff\n")
    with logging_to(Silent(), {"csv": tmp_path}) as listener:
        listener.begin(5, [made_epoch(1, 5)])
        listener.step(Step(6, 2, 0.25, 0.1, 7, 0.5))
    assert [row["step"] for row in rows(tmp_path / "batches.csv")] == ["6"]
    assert [row["step"] for row in rows(tmp_path / "epochs.csv")] == ["5"]


def test_a_full_disk_is_one_line():
    class Full:
        def rewind(self, step, epochs) -> None:
            raise OSError(28, "No space left on device", "x/batches.csv")

    with pytest.raises(HeedfulError, match=r"x/batches.csv cannot be written: No space left"):
        Recording(Silent(), [Full()]).begin(0, ())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_is_one_line_too(tmp_path):
    with (
        pytest.raises(HeedfulError, match="the log cannot be written: No space left"),
        logging_to(Silent(), {"csv": tmp_path}) as listener,
    ):
        listener.begin(0, ())
        listener.logs[0].stream = Path("/dev/full").open("a", encoding="utf-8")  # noqa: SIM115
        listener.step(Step(1, 1, 0.25, 0.1, 7, 0.5))


# -- TensorBoard, read by its own reader ------------------------------------------------------


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {
        tag: [(event.step, event.value) for event in found.Scalars(tag)]
        for tag in found.Tags()["scalars"]
    }


@needs_tensorboard
def test_tensorboard_holds_what_the_listener_heard(whole):
    folder, notes = whole
    batches = scalars(folder / "tb" / "batches")
    assert set(batches) == {"loss", "learning_rate", "tokens_per_second"}
    assert [step for step, _ in batches["loss"]] == ROWS
    assert [value for _, value in batches["loss"]] == pytest.approx(notes.losses, rel=1e-6)
    epochs = [epoch for epoch, _ in notes.epochs]
    for curve, kind in (("train", "train"), ("validation", "valid")):
        found = scalars(folder / "tb" / curve)
        for metric, values in found.items():
            if metric not in ("learning_rate", "tokens_per_second"):
                expected = [(e.step, getattr(e, kind)[metric]) for e in epochs]
                assert values == [(s, pytest.approx(v, rel=1e-6)) for s, v in expected]
        assert "accuracy" in found


@needs_tensorboard
@pytest.mark.parametrize(("method", "at"), [("batch", 7), ("epoch", 2)])
def test_tensorboard_shows_every_step_once_after_a_kill(whole, tmp_path, method, at):
    places = {"tensorboard": tmp_path / "tb"}
    with pytest.raises(Killed):
        run(tmp_path / "store", places, Dying(method, at))
    run(tmp_path / "store", places, resume=True)
    for curve in ("batches", "train", "validation"):
        ours, theirs = (scalars(place / "tb" / curve) for place in (tmp_path, whole[0]))
        assert ours.keys() == theirs.keys()
        for tag in ours.keys() - {"tokens_per_second"}:
            assert ours[tag] == theirs[tag], (curve, tag)
        steps = [step for step, _ in ours.get("tokens_per_second", [])]
        assert steps == sorted(set(steps))


# -- command line and estimator ---------------------------------------------------------------


def train(folder: Path, *more: str):
    tiny = ("embedding=4", "hidden=4", "epochs=1", "min_frequency=1", "encoder=token", "orders=0")
    chosen = [part for entry in (*tiny, "on_training=no", "regions=0") for part in ("--set", entry)]
    return heedful("train", "reviews:40:1", "--out", folder, *chosen, "--no-baseline", *more)


def test_train_logs_into_the_run_folder(tmp_path):
    folder, logs = tmp_path / "run", tmp_path / "run" / "logs"
    kinds = ["csv", "tensorboard"] if find_spec("tensorboard") else ["csv"]
    ran = train(folder, *(part for kind in kinds for part in ("--log", kind)))
    assert ran.code == 0, ran.err
    assert len(rows(logs / "epochs.csv")) == 1
    assert [row["step"] for row in rows(logs / "batches.csv")] == ["1"]
    if "tensorboard" in kinds:
        assert [step for step, _ in scalars(logs / "tensorboard" / "train")["loss"]] == [1]
    (logs / "mine.txt").write_text("stays")
    assert train(folder, "--overwrite", "--log", "csv").code == 0
    assert sorted(path.name for path in logs.iterdir()) == ["batches.csv", "epochs.csv", "mine.txt"]
    clear_logs(folder)
    assert [path.name for path in logs.iterdir()] == ["mine.txt"]


def test_pairs_are_logged_too(tmp_path):
    sizes = ("embedding=4", "hidden=4", "units=4", "readout=0", "epochs=1", "batch_size=100")
    chosen = [part for entry in sizes for part in ("--set", entry)]
    pairs = ("clock:120:1", "--preset", "clock", *chosen, "--set", "target_embedding=4")
    ran = heedful("train", *pairs, "--out", tmp_path / "run", "--log", "csv")
    assert ran.code == 0, ran.err
    epochs = rows(tmp_path / "run" / "logs" / "epochs.csv")
    assert len(epochs) == 1 and "valid_token_accuracy" in epochs[0]


def test_what_train_refuses(tmp_path, monkeypatch):
    assert (
        "no log 'tb'; choose from csv, tensorboard"
        in train(tmp_path / "a", "--log", "tb").refusal()
    )
    alone = train(tmp_path / "a", "--log", "csv", "--encoder", "none", "--set", "orders=3")
    assert "nothing to log with model.encoder=none" in alone.refusal()
    monkeypatch.setattr("heedful.learn.tensorboard_log.find_spec", lambda name: None)
    refused = train(tmp_path / "a", "--log", "tensorboard").refusal()
    assert "pip install 'heedful[tensorboard]'" in refused
    assert not (tmp_path / "a").exists(), "refused before anything was made"


def test_the_estimator_logs_and_can_be_cloned(tmp_path):
    from sklearn.base import clone

    small = {"epochs": 1, "embedding": 4, "evidence.orders": 0, "on_training": False, "regions": 0}
    one = clone(TextClassifier(encoder="token", settings=small, log={"csv": tmp_path / "logs"}))
    texts = ["good film", "bad film"] * 20
    for _ in range(2):
        one.fit(texts, [1, 0] * 20)
        assert len(rows(tmp_path / "logs" / "epochs.csv")) == len(one.history_) == 1
    with pytest.raises(HeedfulError, match="nothing to log"):
        TextClassifier("fast", log={"csv": tmp_path / "none"}).fit(texts, [1, 0] * 20)
    with pytest.raises(HeedfulError, match="give a folder for each kind"):
        TextClassifier(settings=small, log="csv").fit(texts, [1, 0] * 20)


def test_places_of_a_run(tmp_path):
    assert places_of(tmp_path, ["tensorboard", "csv"]) == {
        "tensorboard": tmp_path / "logs" / "tensorboard",
        "csv": tmp_path / "logs",
    }
