"""What a request for one short text does not pay for, and leaves as it was."""

from __future__ import annotations

import pytest
import torch

from heedful.learn import memory
from heedful.learn.model import ALONE, inference, threads_for, using_threads
from made_models import bag_of_words


def test_memory_is_given_back_after_so_many_tokens_not_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(memory, "_trim", lambda: calls.append)
    monkeypatch.setattr(memory, "_scored", 0)
    for _ in range(40):
        memory.release_after(10)
    assert calls == []
    for _ in range(40):
        memory.release_after(16_384)
    assert len(calls) == 2


def test_one_thread_for_little_work() -> None:
    assert threads_for(["a" * (ALONE - 1)], 8) == 1
    assert threads_for(["a" * (ALONE - 1), "b"], 8) == 8


def test_threads_are_as_before() -> None:
    before = torch.get_num_threads()
    for count in (before, before + 1):
        with using_threads(count):
            assert torch.get_num_threads() == count
        assert torch.get_num_threads() == before


@pytest.mark.parametrize("training", [False, True])
def test_no_part_of_a_network_drops_out_while_it_scores(training: bool) -> None:
    network = bag_of_words({"good": 1.0}).network.train(training)
    part = network.head.train()  # even where only a part was left in training mode
    with inference(network):
        assert not any(module.training for module in network.modules())
    assert network.training == part.training == training
