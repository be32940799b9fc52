"""Scores against literal cases of other projects, hand-solved numbers, Keras and PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from heedful.nn.attend import (
    Additive,
    Concat,
    Content,
    Dot,
    General,
    Location,
    ScaledDot,
    Uniform,
    attend,
)
from heedful.nn.mask import masked_mean, masked_softmax


def tensor(values):
    return torch.tensor(values, dtype=torch.float32)


def assign(module: nn.Module, **values: object) -> nn.Module:
    """Set parameters by dotted name (dots as double underscores)."""
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, value in values.items():
            parameters[name.replace("__", ".")].copy_(tensor(value))
    return module


# AllenNLP's test matrices for its additive attention: tanh(v W + m U) V.
W = [[-0.2, 0.3], [-0.5, 0.5]]
U = [[0.0, 1.0], [1.0, 1.0], [1.0, -1.0]]
V = [[1.0], [-1.0]]
QUERIES = [[0.7, -0.8], [0.4, 0.9]]
KEYS = [
    [[1, -1, 3], [0.5, -0.3, 0], [0.2, -1, 1], [0.7, 0.8, -1]],
    [[-2, 3, -3], [0.6, 0.2, 2], [0.5, -0.4, -1], [0.2, 0.2, 0]],
]
ADDITIVE_SCORES = [
    [1.975072, -0.04997836, 1.2176098, -0.9205586],
    [-1.4851665, 1.489604, -1.890285, -1.0672251],
]


def test_additive_agrees_with_the_literal_case():
    score = assign(
        Additive(2, 3, 2, 1, "tanh"),
        query__weight=np.transpose(W).tolist(),
        key__weight=np.transpose(U).tolist(),
        key__bias=[0.0, 0.0],
        vector__weight=np.transpose(V).tolist(),
    )
    scores = score(tensor(QUERIES).unsqueeze(1), tensor(KEYS)).squeeze(1)
    torch.testing.assert_close(scores, tensor(ADDITIVE_SCORES), atol=1e-6, rtol=1e-6)


def test_concat_is_additive_with_its_matrix_side_by_side():
    joint = np.concatenate([np.transpose(W), np.transpose(U)], axis=1)
    score = assign(
        Concat(2, 3, 2), joint__weight=joint.tolist(), vector__weight=np.transpose(V).tolist()
    )
    scores = score(tensor(QUERIES).unsqueeze(1), tensor(KEYS)).squeeze(1)
    torch.testing.assert_close(scores, tensor(ADDITIVE_SCORES), atol=1e-6, rtol=1e-6)


def test_additive_of_depth_two_by_hand():
    score = assign(
        Additive(1, 1, 1, 2, "relu"),
        query__weight=[[1.0]],
        key__weight=[[2.0]],
        key__bias=[0.5],
        hidden__1__weight=[[3.0]],
        hidden__1__bias=[-4.0],
        vector__weight=[[2.0]],
    )
    # key 1: relu(1 + 2 + .5) = 3.5; relu(10.5 - 4) = 6.5; 13.  key 0: 1.5; .5; 1.  key -1: 0.
    scores = score(tensor([[[1.0]]]), tensor([[[1.0], [0.0], [-1.0]]]))
    torch.testing.assert_close(scores, tensor([[[13.0, 1.0, 0.0]]]))


def test_general_agrees_with_the_literal_case():
    score = assign(General(2, 2, bias=True), weight=[[-0.3, 0.5], [2.0, -1.0]], bias=0.1)
    scores = score(tensor([[[1.0, 1.0]]]), torch.eye(2).unsqueeze(0))
    torch.testing.assert_close(scores, tensor([[[1.8, -0.4]]]))


def test_content_is_the_cosine_at_strength_one_and_scales_with_it():
    score = Content()
    query, keys = tensor([[[1, 1, 1]]]), tensor([[[7, 8, 9], [10, 11, 12], [0, 0, 0]]])
    expected = tensor([[[0.9948, 0.9973, 0.0]]])
    torch.testing.assert_close(score(query, keys), expected, atol=1e-4, rtol=0)
    assign(score, log_strength=math.log(3.0))
    torch.testing.assert_close(score(query, keys), 3 * expected, atol=3e-4, rtol=0)


def test_dot_and_scaled_dot_by_hand():
    query, keys = tensor([[[1, 2, 0, 2]]]), tensor([[[1, 1, 1, 1], [0, -1, 5, 3]]])
    torch.testing.assert_close(Dot()(query, keys), tensor([[[5.0, 4.0]]]))
    torch.testing.assert_close(ScaledDot()(query, keys), tensor([[[2.5, 2.0]]]))


def test_location_sees_the_query_and_the_position_alone():
    score = assign(Location(2, positions=3), table__weight=[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    query = tensor([[[2.0, 5.0]]])
    scores = score(query, torch.randn(1, 5, 7))
    torch.testing.assert_close(scores, tensor([[[2.0, 5.0, 7.0, 7.0, 7.0]]]))
    assert torch.equal(scores, score(query, torch.randn(1, 5, 7)))


def test_uniform_gives_every_real_token_the_same_weight():
    keys, mask = torch.randn(2, 5, 3), tensor([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]]).bool()
    attended = attend(torch.randn(2, 1, 4), keys, mask, Uniform())
    expected = tensor([[[1 / 3] * 3 + [0, 0]], [[1, 0, 0, 0, 0]]])
    torch.testing.assert_close(attended.weights, expected)
    torch.testing.assert_close(attended.context.squeeze(1), masked_mean(keys, mask))


# -- Keras as oracle ---------------------------------------------------------------------


def test_keras_additive_attention_literal_case():
    """Keras' own test: query 1.1, values 1.6, .7, -.8, mask T T F, scale .5."""
    score = assign(
        Additive(1, 1, 1, 1, "tanh"),
        query__weight=[[1.0]],
        key__weight=[[1.0]],
        key__bias=[0.0],
        vector__weight=[[0.5]],
    )
    keys, mask = tensor([[[1.6], [0.7], [-0.8]]]), torch.tensor([[True, True, False]])
    attended = attend(tensor([[[1.1]]]), keys, mask, score)
    torch.testing.assert_close(attended.weights, tensor([[[0.50552496, 0.49447504, 0.0]]]))
    torch.testing.assert_close(attended.context, tensor([[[1.15497246]]]))


@pytest.mark.parametrize("name", ["dot", "scaled-dot", "additive"])
def test_attend_agrees_with_keras_layers(name):
    import keras  # here: seconds, which each worker would pay

    random = np.random.default_rng(7)
    query = random.normal(size=(3, 2, 5)).astype(np.float32)
    keys = random.normal(size=(3, 7, 5)).astype(np.float32)
    lengths = np.array([7, 4, 1])
    mask = np.arange(7) < lengths[:, None]
    if name == "additive":
        layer = keras.layers.AdditiveAttention()
        score = Additive(5, 5, 5, 1, "tanh")
    else:
        layer = keras.layers.Attention(use_scale=False)
        score = Dot() if name == "dot" else ScaledDot()
    keras_query = query / 5**0.5 if name == "scaled-dot" else query
    context, weights = layer(
        [keras_query, keys], mask=[None, torch.tensor(mask)], return_attention_scores=True
    )
    if name == "additive":
        scale = keras.ops.convert_to_numpy(layer.scale)
        assign(
            score,
            query__weight=np.eye(5).tolist(),
            key__weight=np.eye(5).tolist(),
            key__bias=np.zeros(5).tolist(),
            vector__weight=[scale.tolist()],
        )
    ours = attend(torch.tensor(query), torch.tensor(keys), torch.tensor(mask), score)
    theirs_w, theirs_c = (keras.ops.convert_to_numpy(x) for x in (weights, context))
    np.testing.assert_allclose(ours.weights.detach().numpy(), theirs_w, atol=1e-5)
    np.testing.assert_allclose(ours.context.detach().numpy(), theirs_c, atol=1e-5)


def test_scaled_dot_agrees_with_pytorch():
    torch.manual_seed(0)
    query, keys = torch.randn(2, 3, 8), torch.randn(2, 11, 8)
    mask = torch.arange(11) < torch.tensor([[11], [6]])
    theirs = nn.functional.scaled_dot_product_attention(
        query, keys, keys, attn_mask=mask.unsqueeze(1).expand(2, 3, 11)
    )
    ours = attend(query, keys, mask, ScaledDot())
    torch.testing.assert_close(ours.context, theirs)


# -- masks -------------------------------------------------------------------------------


def test_masked_softmax_by_hand():
    weights = masked_softmax(tensor([[1, 2, 5]]), tensor([[1, 0, 1]]).bool())
    torch.testing.assert_close(weights, tensor([[0.01798621, 0, 0.98201383]]))
    huge = masked_softmax(tensor([[1, 1, 1e5]]), tensor([[1, 1, 0]]).bool())
    torch.testing.assert_close(huge, tensor([[0.5, 0.5, 0.0]]))


def test_an_empty_row_gives_zeros_and_a_finite_gradient():
    scores = torch.randn(2, 3, requires_grad=True)
    weights = masked_softmax(scores, tensor([[0, 0, 0], [1, 1, 0]]).bool())
    assert torch.equal(weights[0], torch.zeros(3))
    (weights**2).sum().backward()
    assert torch.isfinite(scores.grad).all()
    assert torch.equal(scores.grad[0], torch.zeros(3))
    assert scores.grad[1, :2].abs().sum() > 0


def test_what_stands_in_padding_never_matters():
    keys = torch.randn(1, 4, 3)
    mask = torch.tensor([[True, True, False, False]])
    broken = keys.clone()
    broken[0, 2] = float("inf")
    broken[0, 3] = float("nan")
    query, score = torch.randn(1, 1, 3), Dot()
    one, other = attend(query, keys, mask, score), attend(query, broken, mask, score)
    assert torch.equal(one.weights, other.weights)
    assert torch.equal(one.context, other.context)


def test_masked_mean_by_hand():
    values = tensor([[[1, 2], [3, 6], [100, 100]], [[1, 1], [1, 1], [1, 1]]])
    means = masked_mean(values, tensor([[1, 1, 0], [0, 0, 0]]).bool())
    torch.testing.assert_close(means, tensor([[2, 4], [0, 0]]))
