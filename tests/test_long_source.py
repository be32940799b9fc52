"""Sliding windows and local attention: what they see, and when they are the plain network."""

from __future__ import annotations

import pytest
import torch

from heedful.nn.encode import Encoder, States, TokenEncoder
from heedful.nn.local import Local, on_source, prepare
from heedful.nn.windows import Windows
from made_transducers import batch, network, targets


def same_weights(settings: dict, plain: dict):
    """Two networks with the same weights, of which one has further settings."""
    one, other = network(**plain), network(**(plain | settings))
    other.load_state_dict(
        {k.replace("encoder.", "encoder.encoder.", 1) if "source_window" in settings else k: v
         for k, v in one.state_dict().items() if k.startswith("encoder.")}
        | {k: v for k, v in one.state_dict().items() if not k.startswith("encoder.")},
        strict=False,
    )  # fmt: skip
    return one, other


@pytest.mark.parametrize("size", [9, 50])
@pytest.mark.parametrize("kind", ["bilstm", "bigru", "conv", "token", "transformer"])
def test_a_window_as_long_as_the_source_is_the_plain_network(kind, size):
    start = "final" if kind.startswith("bi") else "zero"
    plain, windows = same_weights({"source_window": size}, {"m_encoder": kind, "start": start})
    (ids, mask), wanted = batch(), targets()
    assert torch.equal(plain(ids, mask, wanted), windows(ids, mask, wanted))


def test_short_sources_in_a_batch_with_long_ones_are_read_whole():
    """The fifth source has fewer tokens than a window, the first more."""
    plain, windows = same_weights(
        {"source_window": 6, "window_step": 2}, {"m_encoder": "bilstm", "start": "final"}
    )
    ids, mask = batch()
    lengths = mask.sum(dim=1)
    assert lengths.min() <= 6 < lengths.max()
    one, other = plain.read(ids, mask), windows.read(ids, mask)
    for i, length in enumerate(lengths.tolist()):
        same = torch.allclose(one.states[i], other.states[i], atol=1e-6)
        assert same == (length <= 6)


class Numbered(Encoder):
    """States that say in which place of its window a token stood; final: the window's length."""

    width, reach = 1, None

    def forward(self, values, mask) -> States:
        places = torch.arange(mask.shape[1], dtype=torch.float32).expand(mask.shape)
        return States(places.unsqueeze(2), mask.sum(dim=1, keepdim=True).float())


def test_windows_are_merged_by_the_mean():
    """Windows [0, 3], [2, 5], [4, 6] of 7 tokens: token 2 is in places 2 and 0, and so on."""
    windows = Windows(Numbered(), 4, 2)
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[1, 5:] = False
    found = windows(torch.zeros(2, 7, 1), mask)
    assert found.states[0, :, 0].tolist() == [0, 1, (2 + 0) / 2, (3 + 1) / 2, 1, 2, 2]
    assert found.states[1, :5, 0].tolist() == [0, 1, 1, 2, 2]  # windows [0, 3] and [2, 4]
    assert found.final[:, 0].tolist() == pytest.approx([(4 + 4 + 3) / 3, (4 + 3) / 2])


def test_windows_taken_a_few_at_a_time_are_the_same(monkeypatch):
    net, (ids, mask), wanted = network(source_window=3, start="final"), batch(), targets()
    whole = net(ids, mask, wanted)
    monkeypatch.setattr("heedful.nn.windows.AT_ONCE", 6)
    with torch.no_grad():
        torch.testing.assert_close(net(ids, mask, wanted), whole, atol=1e-6, rtol=1e-6)


def test_a_far_token_does_not_change_the_state_of_another_window():
    windows = network(source_window=3)
    ids, mask = torch.full((1, 9), 5), torch.ones(1, 9, dtype=torch.bool)
    changed = ids.clone()
    changed[0, 8] = 6
    one, other = windows.read(ids, mask).states[0], windows.read(changed, mask).states[0]
    assert torch.equal(one[:6], other[:6])
    assert not torch.allclose(one[6:], other[6:])
    assert not torch.allclose(
        network().read(ids, mask).states, network().read(changed, mask).states
    )


@pytest.mark.parametrize("encoder", ["bilstm", "token"])
def test_local_m_that_reaches_everywhere_is_global(encoder):
    plain, local = same_weights({"scope": "local-m", "local_reach": 9}, {"m_encoder": encoder})
    (ids, mask), wanted = batch(), targets()
    one, other = plain.forced(ids, mask, wanted), local.forced(ids, mask, wanted)
    torch.testing.assert_close(one.read, other.read)
    weights = on_source(other.weights, other.first, 9)
    torch.testing.assert_close(one.weights, weights)


def test_local_m_moves_on_by_one():
    look = network(scope="local-m", local_reach=1).decoder.look
    states, mask = torch.randn(1, 6, 8), torch.ones(1, 6, dtype=torch.bool)
    source = prepare(look.score, states, mask, None)
    for step, seen in enumerate(
        [[0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5], [4, 5]]
    ):
        looked = look(torch.randn(1, 8), source, step)
        weights = on_source(looked.weights.unsqueeze(1), looked.first.unsqueeze(1), 6)
        assert weights[0, 0].nonzero().squeeze(1).tolist() == seen
        torch.testing.assert_close(looked.context, (weights @ states)[:, 0])


def test_local_p_is_luongs_equation_renormalised():
    """Equations 9 and 10 written out, with weights that sum to 1."""
    torch.manual_seed(5)
    look = network(scope="local-p", local_reach=2).decoder.look
    assert isinstance(look, Local)
    states, mask, query = (
        torch.randn(1, 8, 8),
        torch.ones(1, 8, dtype=torch.bool),
        torch.randn(1, 8),
    )
    mask[0, 7:] = False
    looked = look(query, prepare(look.score, states, mask, None), 3)
    inner = torch.tanh(look.inner.weight @ query[0])
    p = 7 * torch.sigmoid(look.outer.weight[0] @ inner)
    places = [t for t in range(7) if int(p) - 2 <= t <= int(p) + 2]
    scores = look.score(query.unsqueeze(1), states)[0, 0]
    align = torch.softmax(scores[places], 0)
    away = torch.tensor([float(t - p) for t in places])
    weights = align * torch.exp(-(away**2) / (2 * 1.0**2))
    weights = weights / weights.sum()
    found = on_source(looked.weights.unsqueeze(1), looked.first.unsqueeze(1), 8)[0, 0]
    torch.testing.assert_close(found[places], weights)
    assert int(found.count_nonzero()) == len(places)


def test_windows_of_tokens_that_know_no_neighbours_change_nothing():
    values, mask = torch.randn(2, 20, 3), torch.ones(2, 20, dtype=torch.bool)
    found = Windows(TokenEncoder(3), 4, 1)(values, mask)
    torch.testing.assert_close(found.states, values)
    assert found.final is None
