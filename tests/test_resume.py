"""A killed training, resumed, ends with the very same bytes."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from heedful.learn.checkpoint import Snapshot, Store, read_snapshot
from heedful.records import HeedfulError
from small_training import Notes, build, reviews, settings, weights

HERE = Path(__file__).parent
PYTHON = {**os.environ, "PYTHONPATH": str(HERE.parent / "src"), "OMP_NUM_THREADS": "1"}
TRAIN = ["train", "reviews:60:1", "--preset", "default", "--seed", "7"]
SETTINGS = [
    *("epochs=5", "batch_size=16", "patience=0", "threads=1", "min_frequency=1"),
    *("embedding=16", "hidden=16", "encoder=bigru", "head_dropout=0.3", "word_dropout=0.1"),
    *("schedule=one-cycle", "checkpoint_seconds=0.05", "average=0.9"),
]


def command(folder: Path, *more: str, change: tuple[str, ...] = ()) -> list[str]:
    chosen = [part for entry in [*SETTINGS, *change] for part in ("--set", entry)]
    return [*TRAIN, "--out", str(folder), *chosen, *more]


class Forker:
    """Trains in processes that can be killed; see killable.py."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "killable.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=PYTHON,
        )
        assert self.process.stdout.readline() == "ready\n"

    def start(self, folder: Path, *more: str, die_at: int = 0, change: tuple[str, ...] = ()) -> int:
        arguments = command(folder, *more, change=change)
        order = {"arguments": arguments, "folder": str(folder), "die_at": die_at}
        self.process.stdin.write(json.dumps(order | {"log": str(self.log)}) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> int:
        """The exit code; -9 for a killed process."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def run(self, folder: Path, *more: str, **how: object) -> int:
        self.start(folder, *more, **how)
        return self.end()

    def run_and_kill(self, folder: Path, *more: str, after: float) -> int:
        pid = self.start(folder, *more)
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
        return self.end()


@pytest.fixture(scope="module")
def forker(tmp_path_factory):
    forker = Forker(tmp_path_factory.mktemp("log") / "stderr.txt")
    yield forker
    forker.process.stdin.close()
    assert forker.process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def whole(forker, tmp_path_factory) -> tuple[Path, float]:
    """An uninterrupted run and how long it took."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    started = time.monotonic()
    assert forker.run(folder) == 0, forker.log.read_text()
    return folder, time.monotonic() - started


def same_run(folder: Path, whole: Path) -> None:
    """The same weights, vocabulary and figures, and nothing left lying about."""
    for name in ("model.safetensors", "tokenizer.json", "metrics.json", "config.json"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name
    timing = {"seconds": 0, "tokens_per_second": 0}
    lines = [(path / "history.jsonl").read_text().splitlines() for path in (folder, whole)]
    ours, theirs = ([json.loads(line) | timing for line in part] for part in lines)
    assert ours == theirs
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in whole.iterdir())
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [10])
def test_killed_at_random_moments(forker, whole, tmp_path, wanted):
    folder, seconds = whole
    draw = random.Random(20)
    kills = finished = 0
    while kills < wanted or not finished:
        run = tmp_path / str(finished) / "run"
        if (
            kills < wanted
            and forker.run_and_kill(run, "--resume", after=draw.uniform(0, seconds)) < 0
        ):
            kills += 1
            continue
        assert forker.run(run, "--resume") == 0, forker.log.read_text()
        same_run(run, folder)
        finished += 1


def check_death_at(forker, whole: Path, run: Path, number: int) -> bool:
    """Whether the run dies at its file event `number`; if so, a resumed run must be the same."""
    # Checkpoints at every batch: the events of all runs are then the same.
    died = forker.run(run, die_at=number, change=FEW) == -9
    if died:
        assert forker.run(run, "--resume", change=FEW) == 0, (number, forker.log.read_text())
        same_run(run, whole)
    return died


FEW = ("epochs=2", "batch_size=90", "checkpoint_seconds=0.000001")


@pytest.fixture(scope="module")
def short(forker, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("short") / "run"
    assert forker.run(folder, change=FEW) == 0
    return folder


def test_killed_at_file_events(forker, short, tmp_path):
    """Every 31st of the moments before a file is opened, renamed or removed.

    An odd step, since files are opened and renamed in turns: an even one meets one kind only.
    """
    numbers = range(1, 1000, 31)
    last = next(n for n in numbers if not check_death_at(forker, short, tmp_path / f"{n}/run", n))
    assert last > 30


@pytest.mark.slow
def test_killed_at_every_file_event(forker, short, tmp_path):
    numbers = range(1, 1000)
    last = next(n for n in numbers if not check_death_at(forker, short, tmp_path / f"{n}/run", n))
    assert last > 30


@pytest.mark.parametrize("step", [37, pytest.param(3, marks=pytest.mark.slow)])
def test_killed_while_replacing_an_older_run(forker, short, tmp_path, step):
    """At any moment there is a whole run: the old one or the new one."""
    from heedful.learn.folder import load_model

    older = tmp_path / "older"
    assert forker.run(older, "--seed", "3", change=("epochs=1", "batch_size=90")) == 0
    for number in range(2, 1000, step):
        run = tmp_path / f"{number}" / "run"
        shutil.copytree(older, run)
        (run / "mine.txt").write_text("keep me")
        before = (run / "model.safetensors").read_bytes()
        died = forker.run(run, "--overwrite", die_at=number, change=FEW) == -9
        load_model(run)
        content = (run / "model.safetensors").read_bytes()
        assert content in (before, (short / "model.safetensors").read_bytes())
        assert (run / "mine.txt").read_text() == "keep me"
        if not died:
            break
        begun = (run / "checkpoint" / "plan.json").exists()
        assert forker.run(run, "--resume", change=FEW) == 0
        if not begun:  # killed before there was anything to resume: the older run stands
            assert (run / "model.safetensors").read_bytes() == content
            continue
        assert [p.name for p in run.parent.iterdir()] == ["run"]
        (run / "mine.txt").unlink()
        same_run(run, short)
    assert number > 40


@pytest.mark.slow
def test_the_real_command_killed_ten_times(whole, tmp_path):
    """`python -m heedful train`, start-up included."""
    arguments = [sys.executable, "-m", "heedful"]
    draw = random.Random(5)
    run = tmp_path / "run"
    for _ in range(10):
        process = subprocess.Popen(
            [*arguments, *command(run, "--resume")], env=PYTHON, stderr=subprocess.DEVNULL
        )
        time.sleep(draw.uniform(0.5, 6.0))
        process.kill()
        process.wait()
    done = subprocess.run(
        [*arguments, *command(run, "--resume")], env=PYTHON, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    same_run(run, whole[0])


def test_other_settings_are_refused_by_name(forker, tmp_path):
    run = tmp_path / "run"
    assert forker.run(run, die_at=12, change=FEW) == -9
    assert forker.run(run, "--resume", change=(*FEW, "hidden=9")) == 2
    last = forker.log.read_text().splitlines()[-3:]
    assert "config.model.hidden: 16 then, 9 now" in " ".join(last)
    assert not (run / "config.json").exists()


# -- in one process -----------------------------------------------------------------------

SMALL = {"epochs": 3, "batch_size": 16, "patience": 0, "model__head_dropout": 0.4}
BATCHES = 3 * 3  # 48 texts


class Breaks(Notes):
    """Raises at a batch, or at the end of an epoch."""

    def __init__(self, at: int, error: BaseException) -> None:
        super().__init__()
        self.at, self.error = at, error

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        super().batch(epoch, done, total, loss)
        if len(self.losses) == self.at:
            raise self.error


def trainer(store: Path | None = None, listener: Notes | None = None, **more: object):
    examples = reviews()
    return build(
        settings(**(SMALL | more)), examples[:48], examples[48:], store=store, listener=listener
    )


@pytest.fixture(scope="module")
def expected():
    whole = trainer()
    outcome = whole.run()
    return weights(whole.network), [record.valid for record in outcome.history]


# One moment of each kind (before the first batch is over, at an epoch's end, after it, at the very
# end) is fast, the others are slow.
MOMENTS = [
    pytest.param(at, marks=[] if at in (1, 3, 5, 9) else pytest.mark.slow)
    for at in range(1, BATCHES + 1)
]


@pytest.mark.parametrize("seconds", [0.0, 1e-9])
@pytest.mark.parametrize("at", MOMENTS)
def test_a_crash_at_any_batch_changes_nothing(expected, tmp_path, at, seconds):
    broken = trainer(tmp_path, Breaks(at, RuntimeError("power cut")), checkpoint_seconds=seconds)
    with pytest.raises(RuntimeError, match="power cut"):
        broken.run()
    notes = Notes()
    again = trainer(tmp_path, notes, checkpoint_seconds=seconds)
    outcome = again.run(resume=True)
    assert weights(again.network) == expected[0]
    assert [record.valid for record in outcome.history] == expected[1]
    # every batch: nothing after the last checkpoint is lost; per epoch only: the epoch is
    left = BATCHES - at + 1 if seconds else BATCHES - (at - 1) // 3 * 3
    assert len(notes.losses) == left
    assert any(message.startswith("resuming at epoch") for message in notes.said) or at < 2


def test_a_crash_after_the_last_step_still_ends_the_epoch(tmp_path):
    whole = trainer(steps=7)
    expected = whole.run()
    broken = trainer(tmp_path, Late(7), steps=7, checkpoint_seconds=1e-9)
    with pytest.raises(RuntimeError, match="power cut"):
        broken.run()
    again = trainer(tmp_path, steps=7)
    outcome = again.run(resume=True)
    assert [record.step for record in outcome.history] == [3, 6, 7]
    assert outcome.best_epoch == expected.best_epoch
    assert [record.valid for record in outcome.history] == [r.valid for r in expected.history]
    assert weights(again.network) == weights(whole.network)


@pytest.mark.parametrize("at", [2, 3, 7])
def test_control_c_keeps_the_best_and_resumes(expected, tmp_path, at):
    stopped = trainer(tmp_path, Breaks(at, KeyboardInterrupt()))
    outcome = stopped.run()
    assert outcome.interrupted
    assert outcome.reason == "stopped by hand"
    finished = (at - 1) // 3
    assert len(outcome.history) == finished
    assert bool(outcome.best_epoch) == (finished > 0)
    if finished:
        kept = {k: v.numpy().tobytes() for k, v in stopped.best.items()}
        assert weights(stopped.network) == kept
    again = trainer(tmp_path)
    assert not again.run(resume=True).interrupted
    assert weights(again.network) == expected[0]


def test_checkpoints_only_look_on(expected, tmp_path):
    often = trainer(tmp_path, checkpoint_seconds=1e-9)
    often.run()
    assert weights(often.network) == expected[0]


def test_the_seed_decides(expected):
    same, other = trainer(), trainer(seed=1)
    same.run()
    other.run()
    assert weights(same.network) == expected[0]
    assert weights(other.network) != expected[0]


def test_drop_out_is_part_of_what_repeats(expected):
    without = trainer(model__head_dropout=0.0)
    without.run()
    assert weights(without.network) != expected[0]


@pytest.mark.parametrize(
    ("schedule", "optimizer"),
    [
        *(("one-cycle", "adam"), ("cosine", "adamw")),
        *(pytest.param(s, o, marks=pytest.mark.slow)
          for s in ("constant", "one-cycle", "linear", "cosine") for o in ("adam", "adamw")
          if (s, o) not in (("one-cycle", "adam"), ("cosine", "adamw"))),
    ],
)  # fmt: skip
def test_schedules_and_optimizers_resume(tmp_path, schedule, optimizer):
    more = {"schedule": schedule, "optimizer": optimizer, "steps": 7, "weight_decay": 0.01}
    whole = trainer(**more)
    outcome = whole.run()
    # killed after the epoch's last batch, before the epoch was finished
    broken = trainer(tmp_path, Late(3), checkpoint_seconds=1e-9, **more)
    with pytest.raises(RuntimeError):
        broken.run()
    again = trainer(tmp_path, checkpoint_seconds=1e-9, **more)
    resumed = again.run(resume=True)
    assert weights(again.network) == weights(whole.network)
    rates = [record.learning_rate for record in resumed.history]
    assert rates == [record.learning_rate for record in outcome.history]


class Late(Notes):
    """Makes the trainer die after it saved a batch: at the next look at the learning rate."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        super().batch(epoch, done, total, loss)
        if len(self.losses) == self.after:
            original = Store.save_step

            def save_and_die(store: Store, snapshot: object) -> None:
                Store.save_step = original
                original(store, snapshot)
                raise RuntimeError("power cut")

            Store.save_step = save_and_die


def test_parts_of_a_killed_write_are_removed(tmp_path):
    trainer(tmp_path, epochs=1).run()
    part = tmp_path / ".step.safetensors.4711.part"
    part.write_bytes(b"half a checkpoint")
    Store(tmp_path).load()
    assert not part.exists()
    part.write_bytes(b"half a checkpoint")
    Store(tmp_path).clear()
    assert not tmp_path.exists()


def test_a_step_of_an_earlier_try_is_passed_over(tmp_path):
    """The epoch was begun again at half the rate, and the process killed before its next step."""
    store = Store(tmp_path)
    for step, epoch_start in [(4, [1, 0]), (4, [0, 1]), (3, [1, 1])]:
        store.save_epoch(Snapshot({}, {"step": 3, "epoch_start": [1, 1]}))
        store.save_step(Snapshot({}, {"step": step, "epoch_start": epoch_start}))
        epoch, newest = store.load()
        assert newest is epoch
    store.save_step(Snapshot({}, {"step": 4, "epoch_start": [1, 1]}))
    assert store.load()[1].facts["step"] == 4


def test_a_damaged_checkpoint_is_one_line(tmp_path):
    trainer(tmp_path, epochs=1).run()
    path = tmp_path / "epoch.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(HeedfulError, match=r"epoch\.safetensors cannot be read .*delete it") as e:
        read_snapshot(path)
    assert "\n" not in str(e.value)


def test_a_checkpoint_of_another_network_is_one_line(tmp_path):
    trainer(tmp_path, epochs=1).run()
    with pytest.raises(HeedfulError, match="checkpoint") as e:
        trainer(tmp_path, model__hidden=9).run(resume=True)
    assert "\n" not in str(e.value)
