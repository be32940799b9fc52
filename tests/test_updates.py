"""Updates by rows, clipping, and averages that wait: against PyTorch's own and by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from heedful.config import TrainConfig
from heedful.learn.average import Average
from heedful.learn.precision import chosen_precision, dtype_of
from heedful.learn.updates import RowAdam, Updates
from small_training import build, reviews, settings

PICKED = ([1, 2, 2], [4], [2, 4, 4], [1])
"""Rows of a table of six that four batches read."""


class Small(nn.Module):
    def __init__(self, *, sparse: bool = False) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.table = nn.Embedding(6, 3, padding_idx=0, sparse=sparse)
        self.head = nn.Linear(3, 2)

    def loss(self, ids: list[int]) -> torch.Tensor:
        return (self.head(self.table(torch.tensor(ids))) ** 3).sum()


def train(network: Small, updates: Updates, most: float = 0.0) -> list[float]:
    norms = []
    for ids in PICKED:
        updates.zero_grad()
        network.loss(ids).backward()
        if most:
            norms.append(updates.clip(most))
        updates.step()
    return norms


def test_rows_move_as_under_torchs_sparse_adam():
    ours, theirs = Small(), Small(sparse=True)
    updates = Updates(ours, TrainConfig(learning_rate=0.1, optimizer="lazy-adam"), [ours.table])
    table = torch.optim.SparseAdam([theirs.table.weight], lr=0.1)
    rest = torch.optim.Adam(theirs.head.parameters(), lr=0.1)
    train(ours, updates)
    for ids in PICKED:
        theirs.zero_grad()
        theirs.loss(ids).backward()
        table.step()
        rest.step()
    for mine, oracle in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, oracle)
    untouched = Small().table.weight[[0, 3, 5]]
    assert torch.equal(ours.table.weight[[0, 3, 5]], untouched)


@pytest.mark.parametrize("most", [0.05, 1e6])
def test_clipping_takes_rows_and_the_rest_together(most):
    ours, dense = Small(), Small()
    sparse = Updates(ours, TrainConfig(optimizer="lazy-adam"), [ours.table])
    ours.loss([1, 2, 2]).backward()
    dense.loss([1, 2, 2]).backward()
    expected = float(torch.nn.utils.clip_grad_norm_(dense.parameters(), most))
    assert sparse.clip(most) == pytest.approx(expected)
    for mine, oracle in zip(ours.parameters(), dense.parameters(), strict=True):
        gradient = mine.grad.to_dense() if mine.grad.is_sparse else mine.grad
        torch.testing.assert_close(gradient, oracle.grad)


def test_other_optimisers_update_the_table_as_a_whole():
    ours, theirs = Small(), Small()
    config = TrainConfig(optimizer="adamw", weight_decay=0.1, learning_rate=0.1)
    updates = Updates(ours, config, [ours.table])
    assert updates.tables == []
    oracle = torch.optim.AdamW(theirs.parameters(), lr=0.1, weight_decay=0.1)
    train(ours, updates)
    for ids in PICKED:
        oracle.zero_grad()
        theirs.loss(ids).backward()
        oracle.step()
    for mine, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, expected)


def test_a_checkpoint_goes_on_bit_by_bit():
    whole, resumed = Small(), Small()
    updates = Updates(whole, TrainConfig(learning_rate=0.1, optimizer="lazy-adam"), [whole.table])
    train(whole, updates)
    kept = {k: v.clone() for k, v in updates.tensors().items()}
    resumed.load_state_dict(whole.state_dict())
    again = Updates(resumed, TrainConfig(learning_rate=0.1, optimizer="lazy-adam"), [resumed.table])
    again.restore(kept)
    train(whole, updates)
    train(resumed, again)
    for mine, expected in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(mine, expected)


def test_a_rate_beyond_float32_breaks_weights_not_the_program():
    weight = nn.Parameter(torch.ones(2, 1))
    RowAdam(weight).step(1e39, torch.tensor([1]), torch.tensor([[0.5]]))
    weight = weight.detach()
    assert weight[0] == 1
    assert abs(float(weight[1])) > 1e37


def test_an_average_that_waited_is_the_average():
    """Row by row, late or at once, with the warm-up of the decay and after it."""
    network = Small()
    lazy = Average(network, 0.7, "table.weight")
    eager = Average(network, 0.7)
    rows_of = [[1, 2], [4], [2, 4], [1]] * 10 + [[5]] + [[1]] * 15  # 0.7: warm-up ends at 21
    for step, rows in enumerate(rows_of, start=1):
        picked = torch.tensor(rows)
        lazy.catch_up(picked)
        with torch.no_grad():
            network.table.weight[picked] += 0.1 * step
            network.head.weight += 0.01
        for average in (lazy, eager):
            average.update(step, picked)
    assert not torch.equal(lazy.tensors["table.weight"][5], eager.tensors["table.weight"][5])
    with eager.swapped():
        expected = {k: v.clone() for k, v in network.state_dict().items()}
    with lazy.swapped():
        for name, tensor in network.state_dict().items():
            torch.testing.assert_close(tensor, expected[name])


def test_precision_is_for_training_alone():
    config = settings(epochs=1, precision="bfloat16", average=0.0)
    trained = build(config, reviews(40))
    network = trained.network
    seen = []
    network.encode.register_forward_hook(lambda *a: seen.append(a[2].states.dtype))
    trained.run()
    assert set(seen) == {torch.bfloat16}
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    seen.clear()
    ids = torch.tensor([[5, 6, 7]])
    network.eval().logits(ids, ids > 0)
    assert set(seen) == {torch.float32}


def test_precision_by_name():
    assert dtype_of("bfloat16") is torch.bfloat16
    assert dtype_of("float32") is torch.float32
    assert chosen_precision("auto") in {"float32", "bfloat16"}
    assert math.isfinite(torch.finfo(dtype_of("auto")).max)
