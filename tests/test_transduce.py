"""The encoder-decoder against hand-solved numbers, plain numpy, PyTorch and its own laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from heedful.config import SCORES, ModelConfig, SequenceConfig
from heedful.nn.attend import attend, build_score
from heedful.nn.cell import StepCell
from heedful.nn.keyed import project, scores_of
from heedful.nn.local import prepare
from heedful.nn.transduce import Transducer
from heedful.text.vocab import START
from made_transducers import TARGETS, batch, network, targets

VARIANTS = [
    {"feeds": "context", "readout": 0, "cell": "lstm"},
    {"feeds": "context", "m_attention": "general", "depth": 2},
    {"asks": "output", "m_encoder": "bigru"},
    {"asks": "output", "feeds": "context", "m_attention": "concat"},
    {"input_feeding": True, "cell": "lstm", "start": "final", "m_layers": 2},
    {"asks": "output", "input_feeding": True},
    {"tied": True, "m_attention": "dot", "m_hidden": 4, "depth": 2},
    {"scope": "none", "start": "final"},
    {"scope": "local-m", "local_reach": 2},
    {"scope": "local-p", "local_reach": 2, "asks": "output"},
    {"source_window": 4, "window_step": 2, "start": "final"},
    {"m_encoder": "conv", "m_attention": "location"},
]


def steps(net: Transducer, ids, mask, wanted):
    """Logits (B, U, V), one step after the other, each told the true token before."""
    source = net.read(ids, mask)
    carried, before = net.decoder.start(source), torch.full((len(ids),), START)
    found = []
    for i in range(wanted.shape[1]):
        carried, _, logits = net.step(carried, before, source, i)
        found.append(logits)
        before = wanted[:, i]
    return torch.stack(found, dim=1)


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_teacher_forced_loss_is_the_sum_of_step_losses(settings):
    net, (ids, mask), wanted = network(**settings), batch(), targets()
    with torch.no_grad():
        whole, single = net(ids, mask, wanted), steps(net, ids, mask, wanted)
    sums = nn.functional.cross_entropy(whole.flatten(0, 1), wanted.flatten(), reduction="sum")
    parts = [
        nn.functional.cross_entropy(single[:, i], wanted[:, i], reduction="sum")
        for i in range(wanted.shape[1])
    ]
    assert float(sums) == pytest.approx(float(sum(parts)), rel=1e-5)
    torch.testing.assert_close(whole, single, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_a_source_alone_is_the_source_in_a_batch(settings):
    net, (ids, mask), wanted = network(**settings), batch(), targets()
    junk = ids.masked_fill(~mask, 7)  # what stands at padding is never read
    with torch.no_grad():
        together = net.forced(junk, mask, wanted)
        for i, length in enumerate(mask.sum(dim=1).tolist()):
            alone = net.forced(ids[i : i + 1, :length], mask[i : i + 1, :length], wanted[i : i + 1])
            torch.testing.assert_close(together.read[i], alone.read[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_weights_sum_to_one_over_real_tokens(settings):
    net, (ids, mask), wanted = network(**settings), batch(), targets()
    with torch.no_grad():
        forced = net.forced(ids, mask, wanted)
    if settings.get("scope") == "none":
        assert forced.weights.shape[2] == 0
        return
    torch.testing.assert_close(forced.weights.sum(dim=2), torch.ones(6, 5))
    places = forced.first.unsqueeze(2) + torch.arange(forced.weights.shape[2])
    outside = (places < 0) | (places >= mask.sum(dim=1).view(-1, 1, 1))
    assert forced.weights[outside].eq(0).all()
    assert forced.weights.ge(0).all()


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_every_parameter_learns(settings):
    net, (ids, mask), wanted = network(scale=1.0, **settings), batch(), targets()
    loss = nn.functional.cross_entropy(net(ids, mask, wanted).flatten(0, 1), wanted.flatten())
    loss.backward()
    idle = {name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()}
    assert idle == set()


@pytest.mark.parametrize("name", SCORES)
def test_projected_keys_score_as_the_score_function_itself(name):
    torch.manual_seed(1)
    score = build_score(6, 6, ModelConfig(attention=name, attention_width=3, attention_depth=2))
    query, keys = torch.randn(4, 6), torch.randn(4, 7, 6)
    mask = torch.arange(7) < torch.tensor([[7], [3], [1], [0]])
    found = scores_of(score, query, project(score, keys))
    torch.testing.assert_close(found, score(query.unsqueeze(1), keys).squeeze(1))
    net = network(m_attention="additive")
    net.decoder.look.score = score
    source = prepare(score, keys, mask, None)
    looked, once = net.decoder.look(query, source, 0), attend(query.unsqueeze(1), keys, mask, score)
    torch.testing.assert_close(looked.weights, once.weights.squeeze(1))
    torch.testing.assert_close(looked.context, once.context.squeeze(1))


def test_an_unknown_score_function_is_refused():
    with pytest.raises(TypeError, match="Bilinear"):
        scores_of(nn.Bilinear(1, 1, 1), torch.zeros(1, 2), torch.zeros(1, 2, 2))


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_cells_are_pytorchs(kind):
    torch.manual_seed(2)
    ours = StepCell(kind, 3, 4)
    theirs = nn.LSTMCell(3, 4) if kind == "lstm" else nn.GRUCell(3, 4)
    # PyTorch's order: input, forget, new, output / reset, update, new.
    order = [0, 1, 3, 2] if kind == "lstm" else [0, 1, 2]
    with torch.no_grad():
        for layer, name in ((ours.inputs, "ih"), (ours.recurrent, "hh")):
            blocks = layer.weight.chunk(ours.blocks)
            getattr(theirs, f"weight_{name}").copy_(torch.cat([blocks[i] for i in order]))
            bias = getattr(theirs, f"bias_{name}").zero_()
            if layer.bias is not None:
                layer.bias.normal_()
                blocks = layer.bias.chunk(ours.blocks)
                bias.copy_(torch.cat([blocks[i] for i in order]))
    values, hidden, memory = torch.randn(5, 3), torch.randn(5, 4), torch.randn(5, 4)
    if kind == "lstm":
        found = ours(ours.inputs(values), hidden, memory)
        expected = theirs(values, (hidden, memory))
        torch.testing.assert_close(found[1], expected[1])
    else:
        found = ours(ours.inputs(values), hidden, memory[:, :0])
        expected = (theirs(values, hidden),)
    torch.testing.assert_close(found[0], expected[0])


def test_two_steps_solved_by_hand():
    """Uniform attention to states 1 and 3: c = 2 at every step. All gates are 1/2.

    m_1 = tanh(2) / 2 and m_2 = m_1 / 2 + tanh(2) / 2; s_i = tanh(m_i) / 2; the logit of token 5 is
    4 s_i, that of all others 0.
    """
    model = ModelConfig(embedding=1, encoder="token", attention="uniform")
    plain = SequenceConfig(cell="lstm", units=1, feeds="context", readout=0)
    net = Transducer(model, plain, 6, 6)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net.embed.table.weight[4], net.embed.table.weight[5] = 1.0, 3.0
        net.decoder.cells[0].inputs.weight[3] = 1.0  # of the new content
        net.decoder.output.weight[5] = 4.0
        logits = net(torch.tensor([[4, 5]]), torch.ones(1, 2, dtype=torch.bool), targets(1, 2))
    first = math.tanh(2) / 2
    states = [math.tanh(first) / 2, math.tanh(first / 2 + math.tanh(2) / 2) / 2]
    assert logits[0, :, 5].tolist() == pytest.approx([4 * s for s in states], abs=1e-6)
    assert states == pytest.approx([0.2239, 0.3094], abs=1e-4)
    assert logits[0, :, :5].eq(0).all()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def in_numpy(net: Transducer, states: np.ndarray, told: list[int]) -> np.ndarray:
    """The decoder written again: GRU, additive attention, tokens and readouts fed; one source."""
    p = {k: v.detach().numpy().astype(np.float64) for k, v in net.decoder.named_parameters()}
    table, size = p["embed.weight"], p["cells.0.recurrent.weight"].shape[1]
    state, fed, found = np.zeros(size), np.zeros(p["readout.weight"].shape[0]), []
    for token in told:
        e = table[token]
        score = [
            p["look.score.vector.weight"][0]
            @ np.tanh(
                p["look.score.query.weight"] @ state
                + p["look.score.key.weight"] @ h
                + p["look.score.key.bias"]
            )
            for h in states
        ]
        weights = np.exp(score) / np.exp(score).sum()
        context = weights @ states
        x = p["cells.0.inputs.weight"] @ np.concatenate([context, e, fed])
        x += p["cells.0.inputs.bias"]
        y = p["cells.0.recurrent.weight"] @ state + p["cells.0.recurrent.bias"]
        reset, update = sigmoid(x[:size] + y[:size]), sigmoid((x + y)[size : 2 * size])
        new = np.tanh(x[2 * size :] + reset * y[2 * size :])
        state = (1 - update) * new + update * state
        fed = np.tanh(p["readout.weight"] @ np.concatenate([state, context, e]) + p["readout.bias"])
        found.append(p["output.weight"] @ fed + p["bias"])
    return np.array(found)


def test_the_decoder_agrees_with_plain_numpy():
    net = network(input_feeding=True, cell="gru", scale=1.5)
    (ids, mask), wanted = batch(), targets()
    with torch.no_grad():
        source = net.read(ids, mask)
        logits = net(ids, mask, wanted).numpy()
    for i, length in enumerate(mask.sum(dim=1).tolist()):
        told = [START, *wanted[i, :-1].tolist()]
        expected = in_numpy(net, source.states[i, :length].numpy().astype(np.float64), told)
        np.testing.assert_allclose(logits[i], expected, atol=2e-5)


def test_a_source_without_tokens_gives_finite_outputs_and_no_weight():
    net = network()
    ids, mask = torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 1, dtype=torch.bool)
    forced = net.forced(ids, mask, targets(1))
    assert forced.weights.eq(0).all()
    assert forced.read.isfinite().all()


def test_scheduled_sampling():
    """Told nothing but its own guesses, a network's outputs do not depend on the truth."""
    net, (ids, mask) = network(), batch()
    torch.manual_seed(0)
    own = net.forced(ids, mask, targets(seed=1), sampling=1.0).read
    torch.testing.assert_close(own, net.forced(ids, mask, targets(seed=2), sampling=1.0).read)
    true = net.forced(ids, mask, targets(seed=1)).read
    assert not torch.allclose(own, true)
    torch.testing.assert_close(own[:, 0], true[:, 0])  # the first step is told START
    half = [net.forced(ids, mask, targets(seed=1), sampling=0.5).read for _ in range(2)]
    assert not torch.allclose(*half)


def test_a_tied_table_has_one_set_of_weights():
    net = network(tied=True)
    names = dict(net.decoder.named_parameters())
    assert "output.weight" not in names
    assert names["embed.weight"].shape == (TARGETS, 6)
