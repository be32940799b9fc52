"""Layers made quick for a processor do what PyTorch's own do."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from heedful.nn.convolve import convolve
from heedful.nn.dropout import Dropout


@pytest.mark.parametrize("window", [1, 3, 5])
def test_a_convolution_over_tokens_is_torchs(window):
    torch.manual_seed(0)
    layer = nn.Conv1d(6, 4, window, padding=window // 2).double()
    values = torch.randn(3, 9, 6, dtype=torch.float64, requires_grad=True)
    ours, theirs = convolve(layer, values), layer(values.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(ours, theirs)
    wanted = torch.randn_like(ours)
    mine = torch.autograd.grad((ours * wanted).sum(), [values, *layer.parameters()])
    oracle = torch.autograd.grad((theirs * wanted).sum(), [values, *layer.parameters()])
    for gradient, expected in zip(mine, oracle, strict=True):
        torch.testing.assert_close(gradient, expected)


def test_texts_are_not_turned_round_in_memory():
    layer = nn.Conv1d(8, 8, 3, padding=1)
    assert convolve(layer, torch.randn(2, 7, 8)).is_contiguous()


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(share):
    torch.manual_seed(1)
    dropped = Dropout(share)(torch.ones(400, 1000))
    rounded = round(share * 256) / 256
    assert float((dropped == 0).double().mean()) == pytest.approx(rounded, abs=0.003)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / (1 - rounded)])
    assert float(dropped.double().mean()) == pytest.approx(1, abs=0.005)
    # No row, column or byte is dropped together with its neighbour.
    assert float(dropped.mean(0).std()) < 0.06
    neighbours = torch.corrcoef(torch.stack([dropped[:, :-1].flatten(), dropped[:, 1:].flatten()]))
    assert abs(float(neighbours[0, 1])) < 0.01


def test_dropout_depends_on_the_seed_alone_and_passes_gradients_of_what_it_kept():
    drawn = []
    for _ in range(2):
        torch.manual_seed(7)
        values = torch.ones(13, 5, requires_grad=True)
        dropped = Dropout(0.5)(values)
        dropped.sum().backward()
        assert torch.equal(values.grad, dropped.detach())
        drawn.append(dropped)
    assert torch.equal(*drawn)
    assert torch.equal(Dropout(0.5).eval()(torch.ones(3)), torch.ones(3))
    assert torch.equal(Dropout(1.0)(torch.ones(3)), torch.zeros(3))
    assert torch.equal(Dropout(0.0)(torch.ones(3)), torch.ones(3))
