"""Several processes that train one network, on loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file

from heedful.face.cluster.workers import workers_here
from heedful.learn.checkpoint import Snapshot
from heedful.learn.digest import digest
from heedful.learn.distributed import Group
from heedful.learn.fit import fit
from heedful.learn.meeting import patience
from heedful.learn.train import Trainer
from heedful.learn.workers import Alone
from heedful.records import Example, HeedfulError
from made_transformers import bert_folder
from small_training import BINARY, build, reviews, settings, weights
from training_together import CASES, outcome, trainer

HERE = Path(__file__).parent
PATHS = os.pathsep.join((str(HERE.parent / "src"), str(HERE)))
PROCESS = {**os.environ, "PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1"}
REVIEWS = [
    *("train", "reviews:400:1", "--no-baseline", "--set", "batch_size=16", "--set", "threads=1"),
    *("--set", "embedding=16", "--set", "hidden=16", "--set", "encoder=bilstm"),
    *("--set", "min_frequency=1", "--set", "checkpoint_seconds=0.05", "--set", "patience=0"),
    *("--set", "head_dropout=0.3", "--set", "average=0.9", "--set", "epochs=9"),
]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


# -- one process: the collectives are real, there is nobody else ----------------------------


@pytest.fixture(scope="module")
def group():
    store = dist.HashStore()
    dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield Group(patience=30)
    dist.destroy_process_group()


def test_a_group_of_one_is_nobody_else(group):
    config = settings(epochs=2, batch_size=16, average=0.9, model__head_dropout=0.3)
    alone, grouped = (build(config, reviews(60), reviews(20, 2)) for _ in range(2))
    grouped = Trainer(grouped.job, config.train, None, None, group)
    expected, found = alone.run(), grouped.run()
    assert [e.valid for e in found.history] == [e.valid for e in expected.history]
    assert weights(grouped.network) == weights(alone.network)


def test_snapshots_come_through_whole(group):
    one = Snapshot({"a": torch.arange(3), "empty": torch.zeros(0, 2)}, {"step": 3})
    other = Snapshot({"b": torch.eye(2, dtype=torch.float64)}, {"nan": float("nan")})
    found = group.snapshots(lambda: (one, other))
    assert [list(f.tensors) for f in found] == [["a", "empty"], ["b"]]
    assert torch.equal(found[1].tensors["b"], torch.eye(2, dtype=torch.float64))
    assert group.snapshots(lambda: None) is None


def test_an_error_of_the_leader_stays_what_it_is(group):
    def fails():
        raise HeedfulError("no such file")

    for kind in (group.together, group.first, group.lead):
        with pytest.raises(HeedfulError, match="^no such file$"):
            kind(fails)
    assert group.first(lambda: {"loss": 0.1}) == {"loss": 0.1}


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_training_with_the_best_kept(group, kind):
    class Signals:
        count = 0

        def say(self, message):
            pass

        def batch(self, *_):
            self.count += 1
            if self.count == 6:
                os.kill(os.getpid(), kind)

        def epoch(self, *_):
            pass

    config = settings(epochs=5, batch_size=16)
    made = build(config, reviews(60), reviews(20, 2))
    made = Trainer(made.job, config.train, None, Signals(), group)
    try:
        done = made.run()
        os.kill(os.getpid(), kind)  # asked once more while it tidies up
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert done.interrupted and done.reason == "stopped by hand"
    assert made.state.step == 6 and done.best_epoch == len(done.history) == 1
    kept = {k: v.numpy().tobytes() for k, v in made.best.items()}
    assert weights(made.network) == kept


def test_the_digest_tells_settings_words_and_ids_apart():
    config, other = settings(), settings(epochs=9)
    ids = torch.arange(6).numpy()
    seen = {
        digest(config, ["a", "b"], [ids]),
        digest(other, ["a", "b"], [ids]),
        digest(config, ["a b"], [ids]),
        digest(config, ["a", "b"], [ids[::2]]),
        digest(config, ["a", "b"], [ids.reshape(2, 3)]),
        digest(config, ["a", "b"], [ids.astype("int32")]),
    }
    assert len(seen) == 6
    assert digest(config, ["a", "b"], [ids.copy()]) in seen


def test_who_waits_hears_of_labels_that_are_unknown():
    """An error outside of what all do together would be told by each of them."""

    class Hears(Alone):
        said = ""

        def together(self, work):
            try:
                return super().together(work)
            except HeedfulError as error:
                self.said = str(error)
                raise

    workers = Hears()
    odd = [Example("an odd one", ("unheard",), "made", 1)]
    with pytest.raises(HeedfulError, match="unheard") as caught:
        fit(reviews(20), odd, BINARY, settings(epochs=1), workers=workers)
    assert workers.said == str(caught.value)


GOOD = {
    "RANK": "0",
    "WORLD_SIZE": "2",
    "LOCAL_RANK": "0",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "1",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"MASTER_PORT": ""}, "MASTER_PORT is not set"),
        ({"RANK": "two"}, "RANK=two"),
        ({"RANK": "2"}, "rank 2 of 2"),
        ({"LOCAL_WORLD_SIZE": "3"}, "0 of 3 on its machine"),
        ({"HEEDFUL_WORKER_PATIENCE": "soon"}, "HEEDFUL_WORKER_PATIENCE=soon"),
    ],
)
def test_an_environment_that_cannot_be_is_one_line(monkeypatch, change, said):
    for name, value in (GOOD | change).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(HeedfulError, match=said) as caught, workers_here():
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", ["", "1"])
def test_one_process_is_alone(monkeypatch, size):
    monkeypatch.setenv("WORLD_SIZE", size)
    monkeypatch.setenv("RANK", "0")
    with workers_here() as workers:
        assert workers.leads and workers.size == 1


def test_patience_is_a_number_of_seconds(monkeypatch):
    monkeypatch.setenv("HEEDFUL_WORKER_PATIENCE", "2.5")
    assert patience() == 2.5
    for bad in ("0", "-1", "nan", "inf"):
        monkeypatch.setenv("HEEDFUL_WORKER_PATIENCE", bad)
        with pytest.raises(HeedfulError):
            patience()


# -- two processes -------------------------------------------------------------------------


def started(rank: int, port: int, command: list[str], size: int = 2, **more: str):
    place = {"RANK": rank, "WORLD_SIZE": size, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": size}
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    environment = PROCESS | {k: str(v) for k, v in place.items()} | address | more
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *command], env=environment, **pipes)


def both(command: list[str], **more: str):
    port = free_port()
    return [started(rank, port, command, **more) for rank in (0, 1)]


def ended(processes, timeout: float = 300):
    """(exit code, stdout, stderr) of each."""
    found = []
    try:
        for process in processes:
            out, err = process.communicate(timeout=timeout)
            found.append((process.returncode, out, err))
    finally:
        for process in processes:
            process.kill()
    return found


def training(out: Path, *more: str) -> list[str]:
    return ["-m", "heedful", *REVIEWS, "--out", str(out), *more]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """What each of two processes gets, case by case."""
    folder = tmp_path_factory.mktemp("together")
    for code, _, err in ended(both([str(HERE / "training_together.py"), str(folder)])):
        assert code == 0, err
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_two_processes_are_one_with_twice_the_batch(shared, case):
    """To the bit where it has two threads, drop-out included; but for rounding where it has one."""
    found = [torch.load(shared / f"{case}-{rank}.pt", weights_only=False) for rank in (0, 1)]
    expected = outcome(trainer(case, 2, 2))
    for one in found:
        assert one["history"] == expected["history"]
        assert (one["best"], one["reason"]) == (expected["best"], expected["reason"])
        for part in ("weights", "average"):
            for name, tensor in expected[part].items():
                assert torch.equal(one[part][name], tensor), f"{part} {name}"
    assert len(expected["history"]) >= 2
    if not {"model__embedding_dropout", "masked_training"} & CASES[case].keys() and case != "pairs":
        assert_close_to_one_thread(case, found[0])


def assert_close_to_one_thread(case, found):
    """Adam moves weights that have next to no gradient by the rounding of it, as far as others."""
    whole = outcome(trainer(case, 2, 1))
    for epoch, other in zip(found["history"], whole["history"], strict=True):
        assert epoch["valid"]["loss"] == pytest.approx(other["valid"]["loss"], abs=2e-6)
    apart = torch.cat(
        [(found["weights"][k] - whole["weights"][k]).abs().flatten() for k in whole["weights"]]
    )
    assert apart.max() < 5e-3 and (apart > 1e-5).float().mean() < 0.25


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    (code, said, told), (other, nothing, silence) = ended(both(training(out)))
    assert (code, other) == (0, 0), told + silence
    assert "validation" in said and "epoch 9/9" in told
    assert nothing == silence == ""
    return out


def checkpointed(out: Path, processes, seconds: float = 120) -> None:
    """Wait until training is under way."""
    until = time.monotonic() + seconds
    while not (out / "checkpoint" / "step.safetensors").exists():
        assert all(p.poll() is None for p in processes) and time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.3)


@pytest.mark.slow
@pytest.mark.parametrize("who", [0, 1])
def test_a_killed_worker_ends_the_other_and_resuming_leads_to_the_same(undisturbed, tmp_path, who):
    out = tmp_path / "run"
    processes = both(training(out))
    checkpointed(out, processes)
    processes[who].send_signal(signal.SIGKILL)
    results = ended(processes, 60)
    code, _, told = results[1 - who]
    assert results[who][0] == -signal.SIGKILL
    assert code == 2 and "another worker has ended" in told.splitlines()[-1]
    again = ended(both(training(out, "--resume")))
    assert [code for code, *_ in again] == [0, 0]
    assert "resuming at" in again[0][2]
    for name in ("model.safetensors", "tokenizer.json"):
        assert (out / name).read_bytes() == (undisturbed / name).read_bytes()
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in undisturbed.iterdir())


@pytest.mark.slow
def test_a_worker_that_hangs_is_given_up(tmp_path):
    out = tmp_path / "run"
    processes = both(training(out), HEEDFUL_WORKER_PATIENCE="4")
    checkpointed(out, processes)
    processes[1].send_signal(signal.SIGSTOP)
    code, _, told = ended(processes[:1], 60)[0]
    processes[1].kill()
    processes[1].communicate()
    assert code == 2 and "does not answer" in told.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize(("who", "kind"), [(0, signal.SIGINT), (1, signal.SIGTERM)])
def test_who_is_asked_to_stop_stops_all_and_the_best_is_kept(undisturbed, tmp_path, who, kind):
    out = tmp_path / "run"
    processes = both(training(out))
    checkpointed(out, processes)
    processes[who].send_signal(kind)
    (code, _, told), (other, _, silence) = ended(processes)
    assert (code, other) == (130, 0), told + silence
    assert "--resume trains on" in told and silence == ""
    assert (out / "config.json").exists() and (out / "checkpoint" / "plan.json").exists()
    assert [code for code, *_ in ended(both(training(out, "--resume")))] == [0, 0]
    assert (out / "model.safetensors").read_bytes() == (
        undisturbed / "model.safetensors"
    ).read_bytes()


@pytest.mark.slow
def test_who_does_not_come_is_not_waited_for_for_ever(tmp_path):
    command = training(tmp_path / "run")
    code, _, told = ended([started(0, free_port(), command, HEEDFUL_WORKER_PATIENCE="2")])[0]
    assert code == 2 and "do not find each other at 127.0.0.1" in told
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_what_the_leader_learns_before_and_between_gets_to_all(tmp_path):
    """Word vectors, regions, evidence, and a second network taught on texts without labels."""
    out = tmp_path / "run"
    more = ["model.encoder=conv", "model.window=3", "pretrain.regions=1", "pretrain.taught=2"]
    more += ["evidence.orders=2", "train.epochs=2", "pretrain.min_count=1"]
    chosen = [part for entry in more for part in ("--set", entry)]
    unlabelled = ["--unlabelled", "reviews:120:9"]
    results = ended(both(training(out, *chosen, *unlabelled)))
    assert [code for code, *_ in results] == [0, 0], results
    told = results[0][2]
    assert "reading for words near by" in told and "is taught to another" in told
    assert "n-gram evidence" in told and (out / "config.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("learnt", [(), ("--set", "hf.tune=true")])
def test_a_pre_trained_transformer_and_logs(tmp_path, monkeypatch, learnt):
    """Two processes log once, and learn what one with twice the batch and two threads does."""
    pytest.importorskip("transformers", reason="needs the extra hf")
    model = bert_folder(tmp_path / "bert")
    monkeypatch.setenv("HEEDFUL_HOME", str(tmp_path / "home"))

    def command(out: str, batch: int, tokens: int, threads: int) -> list[str]:
        given = {"batch_size": batch, "batch_tokens": tokens, "threads": threads, "epochs": 2}
        chosen = [part for k, v in given.items() for part in ("--set", f"train.{k}={v}")]
        where = ["--encoder", f"hf:{model}", "--out", str(tmp_path / out), "--log", "csv"]
        train = ["-m", "heedful", "train", "reviews:120:1", "--no-baseline"]
        return [*train, *where, *chosen, *learnt]

    port = free_port()
    home = {"HEEDFUL_HOME": str(tmp_path / "home")}
    two = [started(rank, port, command("two", 8, 2000, 1), **home) for rank in (0, 1)]
    results = [*ended(two), *ended([started(0, port, command("one", 16, 4000, 2), 1, **home)])]
    assert [code for code, *_ in results] == [0, 0, 0], results
    logs = [(tmp_path / out / "logs" / "epochs.csv").read_text() for out in ("one", "two")]
    assert [len(log.splitlines()) for log in logs] == [3, 3]
    for file in sorted((tmp_path / "one").rglob("model.safetensors")):
        one = load_file(file)
        other = load_file(tmp_path / "two" / file.relative_to(tmp_path / "one"))
        assert one.keys() == other.keys() and len(one) > 8
        for name, tensor in one.items():
            # Softmax takes no notice of a key's bias: Adam moves it by rounding alone.
            most = 1e-3 if name.endswith("self.key.bias") else 1e-5
            torch.testing.assert_close(other[name], tensor, atol=most, rtol=0, msg=name)


@pytest.mark.slow
def test_an_error_is_said_once(tmp_path):
    (code, _, told), (other, _, silence) = ended(
        both(["-m", "heedful", "train", str(tmp_path / "none.csv"), "--out", str(tmp_path / "run")])
    )
    assert (code, other) == (2, 2)
    assert told.count("none.csv") == 1 and len(told.splitlines()) == 1 and silence == ""
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_other_data_in_one_worker_is_noticed(tmp_path):
    port = free_port()
    command = training(tmp_path / "run")
    other = [part.replace("reviews:400:1", "reviews:400:2") for part in command]
    results = ended([started(0, port, command), started(1, port, other)])
    assert [code for code, *_ in results] == [2, 2]
    assert "worker 1 reads other texts" in results[0][2]
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.slow
def test_torchrun_starts_it_also_on_two_nodes(undisturbed, tmp_path):
    out, port = tmp_path / "run", free_port()
    environment = {k: v for k, v in PROCESS.items() if k not in GOOD}
    where = ["--nnodes", "2", "--nproc-per-node", "1", "--master-port", str(port)]
    nodes = [
        subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", *where, "--node-rank", str(rank),
             "--master-addr", "127.0.0.1", *training(out)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in (0, 1)
    ]  # fmt: skip
    results = ended(nodes)
    assert [code for code, *_ in results] == [0, 0], results
    assert "written after" in results[0][2] and "epoch" not in results[1][2]
    assert (out / "model.safetensors").read_bytes() == (
        undisturbed / "model.safetensors"
    ).read_bytes()
    assert json.loads((out / "config.json").read_text())["data"]["workers"] == 2
