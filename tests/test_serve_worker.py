"""The thread that owns the models: what it takes together, in which order, and what it loses."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from heedful.face.serve.worker import FullError, Worker


class Held:
    """A worker whose thread is kept busy until `go`; remembers what it was given together."""

    def __init__(self, room: int = 100, budget: int = 100) -> None:
        self.sizes: list[int] = []
        self.batches: list[list[str]] = []
        self.worker = Worker("test", room, self.sizes.append, budget)
        self.worker.start()
        self._go, busy = threading.Event(), threading.Event()

        def hold(texts: list[str]) -> list[str]:
            busy.set()
            self._go.wait(10)
            return texts

        self.worker.submit("hold", hold, ["held"])
        assert busy.wait(10)
        self.sizes.clear()

    def work(self, texts: list[str]) -> list[str]:
        self.batches.append(texts)
        return [text.upper() for text in texts]

    def go(self) -> None:
        self._go.set()


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.go()
    made.worker.stop(10)


def test_what_waits_is_taken_together_and_answers_go_to_whom_they_belong(held: Held) -> None:
    one = held.worker.submit("m", held.work, ["a", "b"])
    two = held.worker.submit("m", held.work, ["c"])
    other = held.worker.submit("n", held.work, ["d"])
    three = held.worker.submit("m", held.work, ["e"])
    held.go()
    assert one.result(10) == ["A", "B"]
    assert (two.result(10), other.result(10), three.result(10)) == (["C"], ["D"], ["E"])
    assert held.batches == [["a", "b", "c", "e"], ["d"]]
    assert held.sizes == [4, 1]


def test_a_budget_of_characters_bounds_what_is_taken(held: Held) -> None:
    waiting = [held.worker.submit("m", held.work, [letter * 60]) for letter in "abc"]
    waiting.append(held.worker.submit("m", held.work, ["d" * 40]))
    waiting.append(held.worker.submit("m", held.work, ["e" * 500]))
    held.go()
    assert [w.result(10)[0][0] for w in waiting] == list("ABCDE")
    firsts = [[text[0] for text in batch] for batch in held.batches]
    assert firsts == [["a", "d"], ["b"], ["c"], ["e"]], "60 + 40 fit into 100; 500 goes alone"


def test_one_bad_request_does_not_harm_its_company(held: Held) -> None:
    def picky(texts: list[str]) -> list[str]:
        if "bad" in texts:
            raise ValueError("bad")
        return texts

    good, bad = (held.worker.submit("m", picky, [text]) for text in ("good", "bad"))
    held.go()
    assert good.result(10) == ["good"]
    with pytest.raises(ValueError, match="bad"):
        bad.result(10)


def test_room_is_bounded_and_freed(held: Held) -> None:
    small = Held(room=3)
    kept = small.worker.submit("m", small.work, ["a", "b"])
    with pytest.raises(FullError):
        small.worker.submit("m", small.work, ["c", "d"])
    gone = small.worker.submit("m", small.work, ["c"])
    assert small.worker.length == 3
    assert gone.cancel(), "who asked does not wait any more"
    assert small.worker.length == 2
    small.worker.submit("m", small.work, ["d"])
    small.go()
    assert kept.result(10) == ["A", "B"]
    small.worker.stop(10)
    assert small.batches == [["a", "b", "d"]], "what was given up is not worked on"


def test_files_wait_for_everybody(held: Held) -> None:
    file = held.worker.submit("m", held.work, ["row"], background=True)
    asked = held.worker.submit("m", held.work, ["asked"])
    held.go()
    assert (asked.result(10), file.result(10)) == (["ASKED"], ["ROW"])
    assert held.batches == [["asked"], ["row"]]


def test_stopping_answers_what_was_accepted_and_takes_no_more(held: Held) -> None:
    waiting = [held.worker.submit(i, held.work, [str(i)]) for i in range(5)]
    threading.Timer(0.05, held.go).start()
    held.worker.stop(10)
    assert [w.result(0) for w in waiting] == [[str(i)] for i in range(5)]
    with pytest.raises(FullError):
        held.worker.submit("m", held.work, ["late"])


def test_what_nobody_waits_for_holds_up_no_file(held: Held) -> None:
    gone = held.worker.submit("m", held.work, ["a"])
    assert gone.cancel()
    file = held.worker.submit("f", held.work, ["b"], background=True)
    held.go()
    assert file.result(10) == ["B"]


def test_what_nobody_waits_for_is_not_kept(held: Held) -> None:
    for _ in range(5):
        assert held.worker.submit("m", held.work, ["a" * 10] * 100).cancel()
    held.worker.submit("m", held.work, ["b"])
    assert len(held.worker._waiting) == 1
