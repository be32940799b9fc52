"""The transformer encoder: by hand, against PyTorch's own attention, and its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from heedful.config import Config
from heedful.learn.describe import describe
from heedful.nn.attend import ScaledDot, attend
from heedful.nn.encode import build_encoder
from heedful.nn.rotary import angles, rotate
from heedful.nn.transformer import Block, SelfAttention, Transformer
from heedful.records import Example, HeedfulError
from heedful.settings import apply
from made_models import random_model
from small_training import BINARY, build, settings

LENGTHS = torch.tensor([7, 3, 1, 0, 5])


def padded(width: int = 6, tokens: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    """Random values (5, tokens, width) with garbage in the padding, and their mask."""
    values = torch.randn(5, tokens, width, generator=torch.Generator().manual_seed(0))
    return values, torch.arange(tokens) < LENGTHS.unsqueeze(1)


def test_values_are_summed_in_the_place_of_keys():
    values, mask = padded()
    held = torch.randn(5, 7, 3, generator=torch.Generator().manual_seed(1))
    found = attend(values, values, mask, ScaledDot(), held)
    assert torch.equal(found.weights, attend(values, values, mask, ScaledDot()).weights)
    expected = functional.scaled_dot_product_attention(
        values[0][None], values[0][None], held[0][None]
    )
    torch.testing.assert_close(found.context[:1], expected)
    assert not found.context[3].any(), "a text without tokens"


def test_rotation_by_hand():
    vectors = torch.tensor([[[1.0, 0.0, 0.0, 2.0]] * 3])
    turned = rotate(vectors)
    assert torch.equal(turned[0, 0], vectors[0, 0]), "the first place is not turned"
    one, far = (math.cos(2), math.sin(2)), (math.cos(0.02), math.sin(0.02))  # theta 1 and .01
    expected = [one[0], one[1], -2 * far[1], 2 * far[0]]
    np.testing.assert_allclose(turned[0, 2], expected, rtol=1e-6)


def test_an_odd_width_leaves_its_last_component():
    turned = rotate(torch.ones(1, 4, 3))
    assert torch.equal(turned[..., 2], torch.ones(1, 4))
    np.testing.assert_allclose(turned[0, :, 0], [math.cos(m) - math.sin(m) for m in range(4)], 1e-5)
    assert torch.equal(rotate(torch.ones(1, 4, 1)), torch.ones(1, 4, 1))


@pytest.mark.parametrize("width", [2, 5, 16])
def test_products_of_rotated_vectors_depend_on_the_distance_alone(width):
    draw = torch.Generator().manual_seed(2)
    query, key = (torch.randn(width, generator=draw).expand(1, 3_000, -1) for _ in range(2))
    scores = rotate(query)[0] @ rotate(key)[0].T  # (m, n): same vectors everywhere
    for distance in (0, 1, 17, 700):
        line = torch.diagonal(scores, distance)
        assert (line - line[0]).abs().max() < 2e-3 * width
    if width > 1:
        assert (scores[0] - scores[0, 0]).abs().max() > 0.1, "and they do depend on it"
    assert torch.allclose(rotate(query).norm(dim=-1), query.norm(dim=-1), rtol=1e-4)


def test_angles_have_no_last_place():
    assert angles(100_000, 4)[-1].tolist() == pytest.approx([99_999, 99_999, 999.99, 999.99])


def test_one_head_of_width_two_by_hand():
    """Identity everywhere: token vectors are query, key and value."""
    attention = SelfAttention(2, 1)
    with torch.no_grad():
        attention.into.weight.copy_(torch.eye(2).repeat(3, 1))
        attention.out.weight.copy_(torch.eye(2))
    values = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 3.0], [9.0, 9.0]]])
    mask = torch.tensor([[True, True, True, False]])
    found = attention(values, mask)[0]
    # Token 0 is not turned. Token 1 is turned by 1, token 2, which points up, by 2.
    scores = np.array([1, math.cos(1), -3 * math.sin(2)]) / math.sqrt(2)
    weights = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(
        found[0].detach(), [weights[0] + weights[1], 3 * weights[2]], rtol=1e-5
    )
    plain = np.array([1, 1, 0]) / math.sqrt(2)  # had nothing been turned
    assert abs(weights - np.exp(plain) / np.exp(plain).sum()).max() > 0.1


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_without_turning_it_is_pytorchs_multi_head_attention(heads, monkeypatch):
    monkeypatch.setattr("heedful.nn.transformer.rotate", lambda values: values)
    ours, theirs = SelfAttention(6, heads), nn.MultiheadAttention(6, heads, batch_first=True)
    with torch.no_grad():
        for own, other in (
            (ours.into.weight, theirs.in_proj_weight),
            (ours.into.bias, theirs.in_proj_bias),
            (ours.out.weight, theirs.out_proj.weight),
            (ours.out.bias, theirs.out_proj.bias),
        ):
            own.normal_(generator=torch.Generator().manual_seed(own.numel()))
            other.copy_(own)
    values, mask = padded()
    some = LENGTHS > 0  # PyTorch gives NaN for a text without tokens
    expected, _ = theirs(values[some], values[some], values[some], key_padding_mask=~mask[some])
    torch.testing.assert_close(ours(values, mask)[some][mask[some]], expected[mask[some]])


def test_a_block_is_pytorchs_pre_norm_layer(monkeypatch):
    monkeypatch.setattr("heedful.nn.transformer.rotate", lambda values: values)
    ours = Block(6, 2, 0.0)
    theirs = nn.TransformerEncoderLayer(6, 2, 24, 0.0, "gelu", batch_first=True, norm_first=True)
    for parameter in ours.parameters():
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(parameter.numel()))
    pairs = {
        "self_attn.in_proj_weight": ours.attention.into.weight,
        "self_attn.in_proj_bias": ours.attention.into.bias,
        "self_attn.out_proj.weight": ours.attention.out.weight,
        "self_attn.out_proj.bias": ours.attention.out.bias,
        "linear1.weight": ours.widen.weight,
        "linear1.bias": ours.widen.bias,
        "linear2.weight": ours.narrow.weight,
        "linear2.bias": ours.narrow.bias,
        "norm1.weight": ours.before_attention.weight,
        "norm1.bias": ours.before_attention.bias,
        "norm2.weight": ours.before_feed.weight,
        "norm2.bias": ours.before_feed.bias,
    }
    theirs.load_state_dict(pairs)
    values, mask = padded()
    some = LENGTHS > 0
    expected = theirs(values[some], src_key_padding_mask=~mask[some])
    found = ours(values, mask)[some]
    torch.testing.assert_close(found[mask[some]], expected[mask[some]], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("at_once", [1, 30, 139])
def test_blocks_of_queries_give_what_all_at_once_give(at_once):
    whole, cut = SelfAttention(6, 2), SelfAttention(6, 2, at_once)
    cut.load_state_dict(whole.state_dict())
    values, mask = padded()
    results = []
    for attention in (whole, cut):
        given = values.clone().requires_grad_()
        found = attention(given, mask)
        with torch.no_grad():
            torch.testing.assert_close(attention(values, mask), found)
        grads = torch.autograd.grad((found[mask] ** 2).sum(), [given, *attention.parameters()])
        results.append((found, *grads))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


def test_no_more_scores_than_allowed_stand_in_memory(monkeypatch):
    sizes = []

    class Counting(ScaledDot):
        def forward(self, query, keys):
            scores = super().forward(query, keys)
            sizes.append(scores.numel())
            return scores

    attention = SelfAttention(4, 2, 4_000)
    attention.score = Counting()
    values, mask = torch.randn(3, 100, 4), torch.ones(3, 100, dtype=torch.bool)
    attention(values, mask).sum().backward()
    assert max(sizes) <= 4_000
    assert sum(sizes) == 2 * 3 * 2 * 100 * 100, "once forwards, once for the gradients"


def test_padding_does_not_matter_whatever_it_holds():
    torch.manual_seed(0)
    encoder = Transformer(6, 8, 2, (0.0, 0.0)).eval()
    values, mask = padded()
    expected = encoder(values, mask)
    dirty = values.masked_fill(~mask.unsqueeze(-1), torch.inf)
    assert torch.equal(encoder(dirty, mask)[mask], expected[mask])
    for row, length in enumerate(LENGTHS.tolist()):
        alone = encoder(values[row : row + 1, :length], mask[row : row + 1, :length])
        torch.testing.assert_close(alone[0], expected[row, :length], atol=1e-5, rtol=1e-5)
    weights = [p for p in encoder.parameters() if p.requires_grad]
    grads = torch.autograd.grad((encoder(dirty, mask)[mask] ** 2).sum(), weights)
    assert all(bool(torch.isfinite(grad).all()) for grad in grads)


def test_the_order_of_words_matters_and_dropout_only_in_training():
    config = apply(Config(), {"encoder": "transformer", "hidden": 8, "encoder_dropout": 0.5})
    torch.manual_seed(0)
    encoder = build_encoder(6, config.model).eval()
    values, mask = padded()
    assert (encoder.width, encoder.reach) == (8, None)
    states = encoder(values, mask).states
    turned = encoder(values.flip(1)[:1], mask[:1]).states.flip(1)
    assert (turned[0] - states[0]).abs().max() > 1e-3
    assert torch.equal(encoder(values, mask).states, states)
    encoder.train()
    assert not torch.equal(encoder(values, mask).states, states)


@pytest.mark.parametrize(("given", "grows"), [({"layers": 2}, True), ({"heads": 2}, False)])
def test_settings_do_something(given, grows):
    values, mask = padded()
    plain, other = {"encoder": "transformer", "hidden": 8, "heads": 4}, {}
    for name, chosen in (("plain", plain), ("more", plain | given)):
        torch.manual_seed(0)
        encoder = build_encoder(6, apply(Config(), chosen).model)
        other[name] = encoder(values, mask).states, sum(p.numel() for p in encoder.parameters())
    assert (other["more"][1] > other["plain"][1]) == grows
    assert not torch.equal(other["more"][0], other["plain"][0])


def test_heads_that_do_not_share_the_width():
    with pytest.raises(HeedfulError, match=r"model.hidden=10 evenly; set model.heads to 2"):
        apply(Config(), {"encoder": "transformer", "hidden": 10, "heads": 4})
    apply(Config(), {"encoder": "bilstm", "hidden": 10, "heads": 4})  # no matter elsewhere
    with pytest.raises(ValueError, match="evenly"):
        SelfAttention(10, 4)


def test_states_as_wide_as_token_vectors_can_be_tied():
    chosen = {"encoder": "transformer", "train.tying": 0.1, "embedding": 8}
    apply(Config(), chosen | {"hidden": 8})
    with pytest.raises(HeedfulError, match="model.hidden = 12 and 8 wide"):
        apply(Config(), chosen | {"hidden": 12})


def test_the_layer_table_holds_every_parameter():
    model = random_model(model__encoder="transformer", model__layers=2)
    rows = describe(model)
    assert [row.what for row in rows if row.stage == "encode"] == ["transformer block, 1 head"] * 2
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in model.network.parameters())


def ordered(rows: int, seed: int) -> list[Example]:
    """Texts in which two words stand somewhere; which comes first is the label."""
    random = np.random.default_rng(seed)
    examples = []
    for row in range(rows):
        words = [f"w{i}" for i in random.integers(0, 5, 6)]
        places = sorted(random.choice(6, 2, replace=False))
        first = row % 2
        for place, word in zip(places, ("sun", "moon") if first else ("moon", "sun"), strict=True):
            words[place] = word
        label = BINARY.names[first]
        examples.append(Example(" ".join(words), (label,), "ordered", row + 1))
    return examples


def test_it_learns_which_of_two_words_comes_first():
    """No sum over words knows it, wherever attention looks: both orders sum to the same."""
    train, valid = ordered(300, 1), ordered(80, 2)
    more = {"model__hidden": 16, "model__heads": 2}
    given = {"epochs": 6, "learning_rate": 1e-2, "patience": 0, "batch_size": 16}
    trainer = build(settings(model__encoder="transformer", **given, **more), train, valid)
    assert max(epoch.valid["accuracy"] for epoch in trainer.run().history) > 0.95
    token = random_model(model__encoder="token").network
    ids = torch.tensor([[5, 6, 7, 8], [5, 8, 7, 6]])
    one, other = token.logits(ids, torch.ones(2, 4, dtype=torch.bool))
    torch.testing.assert_close(one, other)


def test_in_mixed_precision_the_stream_stays_float32():
    network = random_model(model__encoder="transformer", model__layers=2).network.train()
    ids, mask = torch.randint(2, 14, (4, 9)), torch.ones(4, 9, dtype=torch.bool)
    exact = network.inner(ids, mask)
    network.computing = torch.bfloat16
    states, attended = network.pool(network.embed(ids, mask), mask)
    assert states.dtype == attended.context.dtype == torch.float32
    assert 0 < (states - exact.states).abs().mean() < 0.1 * exact.states.abs().mean()
