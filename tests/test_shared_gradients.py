"""Workers that share each batch: together they are one worker with a larger batch.

Two workers stand in two threads here, and what goes between them is summed in the order of their
ranks; processes are in test_distributed.py.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from heedful.learn.gradients import Gradients, dealt, parts_of
from heedful.learn.pulse import Pulse
from heedful.learn.summing import LONG, Shared
from heedful.learn.workers import LostWorkerError
from heedful.records import HeedfulError
from test_gradients import BATCH, DROPS, PLAIN, classifying, transducing


class Meeting:
    """Two ranks that wait for each other and see what the other brings."""

    def __init__(self, size: int = 2) -> None:
        self.size, self.barrier = size, threading.Barrier(size, timeout=20)
        self.brought: list[object] = [None] * size

    def exchange(self, rank: int, thing):
        self.brought[rank] = thing
        self.barrier.wait()
        found = list(self.brought)
        self.barrier.wait()
        return found

    def add(self, rank: int):
        def summed(tensor: torch.Tensor) -> None:
            first, *others = self.exchange(rank, tensor.clone())
            for other in others:
                first = first + other
            tensor.copy_(first)

        return summed

    def gather(self, rank: int):
        def joined(rows: torch.Tensor, values: torch.Tensor):
            each = self.exchange(rank, (rows, values))
            return torch.cat([r for r, _ in each]), torch.cat([v for _, v in each])

        return joined


def gradients_of(job):
    return {n: p.grad for n, p in job.network.named_parameters() if p.grad is not None}


def together(make, batch=BATCH, threads=1, seed=7, stopping=(False, False)):
    """What each of two workers gets: its pass and its gradients."""
    meeting = Meeting()

    def one(rank: int):
        job = jobs[rank]
        meet = (meeting.add(rank), meeting.gather(rank))
        shared = Shared(job, threads, rank, 2, *meet, lambda: stopping[rank])
        try:
            return shared(batch, 0.5, seed), gradients_of(job)
        finally:
            shared.close()

    jobs = [make(), make()]
    with ThreadPoolExecutor(2) as pool:
        return [done.result() for done in [pool.submit(one, rank) for rank in (0, 1)]]


def alone(make, threads, batch=BATCH, seed=7):
    job = make()
    gradients = Gradients(job, threads)
    found = gradients(batch, 0.5, seed)
    gradients.close()
    return found, gradients_of(job)


def by_rows(make):
    """The same job, with a table that moves by rows, as `Updates` makes it for lazy-adam."""

    def made():
        job = make()
        dict(job.network.named_modules())[job.table].sparse = True
        return job

    return made


DROPPING = {k.replace(".", "__"): v for k, v in DROPS.items()}
JOBS = {
    **PLAIN,
    "drop-out": lambda: classifying("binary", **DROPPING),
    "rewriting, sampled": lambda: transducing(
        sequence__decoder_dropout=0.3, sequence__scheduled_sampling=0.5
    ),
    "by rows": by_rows(lambda: classifying("multi-label", **DROPPING)),
}


def assert_equal(found, expected):
    (got, gradients), (wanted, others) = found, expected
    assert gradients.keys() == others.keys() and len(others) > 4
    for name, gradient in others.items():
        if gradient.is_sparse:  # rows that both have are added up in another order
            assert torch.equal(gradients[name].indices(), gradient.coalesce().indices())
            torch.testing.assert_close(gradients[name].to_dense(), gradient.to_dense())
        else:
            assert torch.equal(gradients[name], gradient), name
    assert torch.equal(got.value, wanted.value.detach())
    assert torch.equal(got.output, wanted.output.detach())
    assert (got.extra is None) == (wanted.extra is None)
    if wanted.extra is not None:
        assert torch.equal(got.extra, wanted.extra.detach())


@pytest.mark.parametrize("kind", JOBS)
def test_two_workers_are_one_of_two_threads_to_the_bit(kind):
    """Drop-out too: what is drawn hangs on the seed and the part, not on who has the part."""
    expected = alone(JOBS[kind], threads=2)
    for found in together(JOBS[kind]):
        assert_equal(found, expected)


@pytest.mark.parametrize("kind", ["binary", "by rows", "rewriting"])
def test_a_batch_too_small_to_share_is_the_leaders(kind):
    small = BATCH[:9]
    assert parts_of(len(small), 2) == 1
    expected = alone(JOBS[kind], 2, small)
    for found in together(JOBS[kind], small):
        assert_equal(found, expected)


def test_few_long_texts_are_shared_all_the_same():
    job = classifying("binary")
    lengths = job.lengths.copy()
    lengths[BATCH[:5]] = LONG // 5 + 1
    parts = []

    def made():
        job = classifying("binary")
        job.lengths = lengths
        original = job.forward
        job.forward = lambda order, *more: (parts.append(len(order)), original(order, *more))[1]
        return job

    (_, found), _ = together(made, BATCH[:5])
    assert sorted(parts) == [2, 3]
    for name, gradient in alone(lambda: classifying("binary"), 1, BATCH[:5])[1].items():
        torch.testing.assert_close(found[name], gradient, msg=name)


def test_one_text_leaves_the_other_worker_nothing_to_do():
    first, second = together(JOBS["by rows"], BATCH[:1])
    assert_equal(second, first)
    assert_equal(first, alone(JOBS["by rows"], 2, BATCH[:1]))


def test_workers_of_two_threads_are_one_of_four():
    batch = np.arange(40)
    expected = alone(JOBS["drop-out"], 4, batch)[1]
    for _, found in together(JOBS["drop-out"], batch, threads=2):
        for name, gradient in expected.items():
            torch.testing.assert_close(found[name], gradient, msg=name)


@pytest.mark.parametrize("texts", [1, 7, 16, 33])
@pytest.mark.parametrize("parts", [1, 2, 5])
def test_every_row_is_dealt_once(texts, parts):
    cut, draws = dealt(texts, parts, 3)
    assert sorted(np.concatenate(cut)) == list(range(texts))
    assert len(draws) == parts == len(set(draws))
    assert draws == dealt(texts, parts, 3)[1]


@pytest.mark.parametrize("who", [0, 1])
def test_who_is_asked_to_stop_stops_all(who):
    with pytest.raises(KeyboardInterrupt):
        together(JOBS["binary"], stopping=(who == 0, who == 1))


def test_what_is_not_finite_in_one_is_so_in_both():
    def broken():
        job = classifying("binary")
        original = job.forward

        def forward(order, progress, of=None):
            found = original(order, progress, of)
            return found._replace(value=found.value * (np.nan if BATCH[1] in order else 1.0))

        job.forward = forward
        return job

    for found, _ in together(broken):
        assert torch.isnan(found.value)


def test_a_mean_that_no_part_knows_is_refused():
    job = classifying("binary")
    job.divisible = False
    with pytest.raises(HeedfulError, match=r"train\.rationales=0"):
        Shared(job, 1, 0, 2, None, None, None)


class Waiting:
    """`Pulse.states` of ranks in threads."""

    def __init__(self, size: int = 2) -> None:
        self.meeting = Meeting(size)

    def of(self, rank: int) -> Pulse:
        return Pulse(lambda state: self.meeting.exchange(rank, state), beat=0.01)


def during(*works):
    waiting = Waiting(len(works))
    with ThreadPoolExecutor(len(works)) as pool:
        begun = [pool.submit(waiting.of(i).during, work) for i, work in enumerate(works)]
        return [one.exception() or one.result() for one in begun]


def test_all_wait_for_the_slowest():
    order = []
    slow = threading.Event()

    def last():
        slow.wait(5)
        order.append("slow")
        return 2

    def first():
        order.append("quick")
        slow.set()
        return 1

    assert during(first, last) == [(True, 1, None), (True, 2, None)]
    assert order == ["quick", "slow"]


def test_a_failure_is_known_to_all():
    def fails():
        raise HeedfulError("no such file")

    (well, _, none), (also, _, error) = during(lambda: 1, fails)
    assert not well and not also
    assert none is None and str(error) == "no such file"


def test_who_breaks_off_does_not_keep_the_others_waiting():
    def breaks():
        raise ZeroDivisionError

    lost, own = during(lambda: 1, breaks)
    assert isinstance(lost, LostWorkerError) and "worker 1 has stopped" in str(lost)
    assert isinstance(own, ZeroDivisionError | LostWorkerError)
