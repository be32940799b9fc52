"""One contract for every encoder x score x query x head: the laws of a scored batch."""

from __future__ import annotations

import itertools

import pytest
import torch

from heedful.config import ENCODERS, SCORES, Config
from heedful.nn.classify import Classifier, DenseHead, Scored
from heedful.settings import apply

VOCABULARY, CLASSES = 23, 3
LENGTHS = [11, 2, 7, 1, 0, 5]  # one text without any token
RECURRENT = ("bilstm", "bigru")
COMBINATIONS = [
    (encoder, score, query, head)
    for encoder, score, query, head in itertools.product(
        ENCODERS, SCORES, ("learned", "final"), ("linear", "dense")
    )
    if query == "learned" or encoder in RECURRENT
]


def build(
    encoder: str, score: str, query: str = "learned", head: str = "linear", layers: int = 1
) -> Classifier:
    settings = {
        "encoder": encoder,
        "attention": score,
        "query": query,
        "head": head,
        "embedding": 6,
        "hidden": 5,
        "heads": 1,
        "attention_width": 4,
        "head_width": 7,
        "layers": layers,
        "window": 3,
    }
    torch.manual_seed(3)
    network = Classifier(apply(Config(), settings).model, VOCABULARY, CLASSES)
    with torch.no_grad():  # away from the symmetric start, so that every law has to work
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.5)
    return network.eval()


def batch(lengths=LENGTHS, extra: int = 0, garbage: int = 0):
    torch.manual_seed(5)
    texts = [torch.randint(4, VOCABULARY, (n,)) for n in LENGTHS]
    width = max(max(lengths), 1) + extra
    ids = torch.full((len(lengths), width), garbage)
    mask = torch.zeros(len(lengths), width, dtype=torch.bool)
    for row, (text, n) in enumerate(zip(texts, lengths, strict=True)):
        ids[row, :n], mask[row, :n] = text[:n], True
    return ids, mask


@pytest.mark.parametrize(("encoder", "score", "query", "head"), COMBINATIONS)
def test_laws_of_a_scored_batch(encoder, score, query, head):
    network = build(encoder, score, query, head)
    ids, mask = batch()
    with torch.no_grad():
        scored = network(ids, mask)
        assert scored.logits.shape == (6, CLASSES)
        # weights: >= 0, sum 1 on real tokens, exactly 0 on padding and in an empty text
        assert (scored.weights >= 0).all()
        sums = scored.weights.sum(dim=1)
        torch.testing.assert_close(sums, torch.tensor([1.0, 1, 1, 1, 0, 1]))
        assert (scored.weights[~mask] == 0).all()
        assert (scored.contributions[~mask] == 0).all()
        # contributions and base sum to the logits
        total = scored.base + scored.contributions.sum(dim=1)
        torch.testing.assert_close(total, scored.logits, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(network.logits(ids, mask), scored.logits)
        # extra padding, and whatever stands in it, changes nothing
        wide = network(*batch(extra=4, garbage=9))
        torch.testing.assert_close(wide.logits, scored.logits, atol=1e-5, rtol=0)
        torch.testing.assert_close(wide.weights[:, :11], scored.weights, atol=1e-5, rtol=0)
        assert (wide.weights[:, 11:] == 0).all()
        # alone = in company, in any order
        for row, length in enumerate(LENGTHS):
            width = max(length, 1)
            alone = network(ids[row : row + 1, :width], mask[row : row + 1, :width])
            torch.testing.assert_close(alone.logits[0], scored.logits[row], atol=1e-5, rtol=0)
        order = torch.tensor([3, 5, 0, 4, 2, 1])
        turned = network(ids[order], mask[order])
        torch.testing.assert_close(turned.logits, scored.logits[order], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("encoder", "score", "query", "head"), COMBINATIONS)
def test_every_parameter_learns(encoder, score, query, head):
    network = build(encoder, score, query, head).train()
    ids, mask = batch()
    network.logits(ids, mask)[:, 0].square().sum().backward()
    idle = {
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    }
    # The uniform control never looks at the query.
    assert idle == ({"query"} if score == "uniform" and query == "learned" else set())
    assert torch.equal(network.embed.table.weight.grad[0], torch.zeros(6)), "PAD learns nothing"


@pytest.mark.parametrize("score", [s for s in SCORES if s != "uniform"])
def test_scores_differ_from_uniform_attention(score):
    ids, mask = batch()
    weights = build("bilstm", score)(ids, mask).weights
    uniform = build("bilstm", "uniform")(ids, mask).weights
    assert (weights - uniform).abs().max() > 0.005


@pytest.mark.parametrize("head", ["linear", "dense"])
@pytest.mark.parametrize(("encoder", "query"), [("token", "learned"), ("bigru", "final")])
def test_uniform_attention_is_the_head_of_the_mean_state(encoder, query, head):
    network = build(encoder, "additive", query, head)
    ids, mask = batch(extra=2, garbage=9)
    with torch.no_grad():
        learned, uniform = network.logits_and_uniform(ids, mask)
        torch.testing.assert_close(learned, network.logits(ids, mask))
        states, _ = network.pool(network.embed(ids, mask), mask)
        for row, n in enumerate(LENGTHS):
            mean = states[row, :n].mean(dim=0) if n else torch.zeros(states.shape[2])
            torch.testing.assert_close(uniform[row], network.head(mean[None])[0])
        assert (learned - uniform)[0].abs().max() > 1e-3
        # one token is read with weight 1 either way; a network with the uniform score is its own
        torch.testing.assert_close(learned[3], uniform[3])
        same = build(encoder, "uniform", query, head).logits_and_uniform(ids, mask)
        torch.testing.assert_close(*same)


@pytest.mark.parametrize("head", ["linear", "dense"])
def test_a_scaled_head_scales_logits_base_and_contributions_alike(head):
    network = build("conv", "dot", "learned", head)
    with torch.no_grad():
        # a copy: the base of a linear head is its bias itself
        before = Scored(*(part.clone() for part in network(*batch())))
        network.head.scale(0.25)
        after = network(*batch())
    for name in ("logits", "contributions", "base"):
        torch.testing.assert_close(getattr(after, name), getattr(before, name) / 4)
    torch.testing.assert_close(after.weights, before.weights)


def test_linear_contributions_are_weight_times_projection():
    network = build("token", "additive")
    ids, mask = batch()
    states = network.embed(ids, mask)
    scored = network(ids, mask)
    weight = network.head.linear.weight
    expected = scored.weights[0, 2] * (weight[1] @ states[0, 2])
    torch.testing.assert_close(scored.contributions[0, 2, 1], expected)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_dense_head_slope_is_captums_integrated_gradient(activation):
    import captum.attr  # here: seconds, which each worker would pay

    torch.manual_seed(0)
    head = DenseHead(5, 3, 8, activation, 0.5).eval()
    context = torch.randn(4, 5)
    ours = head.slope(context) * context.unsqueeze(1)  # (B, C, H)
    gradients = captum.attr.IntegratedGradients(head)
    for label in range(3):
        theirs = gradients.attribute(context, target=label, n_steps=2000, method="riemann_middle")
        torch.testing.assert_close(ours[:, label], theirs.float(), atol=2e-3, rtol=0)
    total = head.base() + ours.sum(dim=2)
    torch.testing.assert_close(total, head(context), atol=1e-6, rtol=1e-5)


def test_word_dropout_shows_the_unknown_token_in_training_only():
    settings = {"encoder": "token", "attention": "uniform", "embedding": 4, "word_dropout": 0.5}
    network = Classifier(apply(Config(), settings).model, VOCABULARY, 1)
    ids = torch.full((1, 4000), 7)
    mask = torch.ones(1, 4000, dtype=torch.bool)
    network.train()
    torch.manual_seed(0)
    unknown = network.embed.table.weight[1]
    share = (network.embed(ids, mask) == unknown).all(dim=-1).float().mean()
    assert 0.45 < share < 0.55
    network.eval()
    assert (network.embed(ids, mask) == network.embed.table.weight[7]).all()


@pytest.mark.parametrize("layers", [1, 2])
def test_under_a_convolution_contributions_are_gradient_times_input(layers):
    """Attention held fixed, a ReLU convolution is linear around each text: autograd agrees."""
    ids, mask = batch()
    fresh = build("conv", "additive", layers=layers)
    with torch.no_grad():
        for convolution in fresh.encode.convolutions:
            convolution.bias.zero_()
    scored = fresh(ids, mask)
    values = fresh.embed(ids, mask).detach().requires_grad_()
    states = fresh.encode(values, mask).states
    pooled = (scored.weights.detach().unsqueeze(-1) * states).sum(dim=1)
    (pooled @ fresh.head.linear.weight[1]).sum().backward()
    expected = (values.grad * values).sum(dim=-1)
    torch.testing.assert_close(scored.contributions[..., 1], expected, atol=1e-6, rtol=1e-5)


# Every setting of the network, and a value that is not the default of `PLAIN`.
OTHER = {
    "embedding": 8,
    "words": 12,
    "embedding_dropout": 0.5,
    "word_dropout": 0.5,
    "encoder": "token",
    "hidden": 6,
    "layers": 2,
    "bidirectional": False,
    "window": 5,
    "encoder_dropout": "0.5",
    "gate": "relu",
    "attention": "dot",
    "attention_width": 7,
    "attention_depth": 2,
    "attention_activation": "relu",
    "query": "final",
    "pooling": "attention+max",
    "head": "linear",
    "head_width": 9,
    "head_activation": "tanh",
    "head_dropout": 0.5,
    "heads": 2,
}
NEEDED = {"window": {"encoder": "conv"}, "heads": {"encoder": "transformer", "hidden": 8}}
PLAIN = {
    "encoder": "bigru",
    "embedding": 6,
    "hidden": 5,
    "window": 3,
    "attention_width": 4,
    "head": "dense",
    "head_width": 7,
}


@pytest.mark.parametrize("name", OTHER)
def test_every_setting_changes_what_the_network_computes(name):
    def logits(**more):
        torch.manual_seed(3)
        settings = PLAIN | NEEDED.get(name, {}) | more
        network = Classifier(apply(Config(), settings).model, VOCABULARY, CLASSES).train()
        with torch.no_grad():
            network.query.add_(1.0) if network.query is not None else None
        torch.manual_seed(4)  # the same drop-out masks where shapes agree
        return network.logits(*batch())

    assert not torch.allclose(logits(), logits(**{name: OTHER[name]}), atol=1e-6)


def test_no_setting_of_the_network_is_left_untested():
    assert set(OTHER) == set(vars(Config().model))
