"""The log loss by pieces against PyTorch's in one go."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from heedful.nn import cross_entropy
from heedful.nn.cross_entropy import judge, most_probable
from heedful.text.vocab import PAD, START

TOKENS, WIDTH, VOCABULARY = 37, 6, 11


def parts() -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    shapes = (TOKENS, WIDTH), (VOCABULARY, WIDTH), (VOCABULARY,)
    return [torch.randn(shape, generator=draw).requires_grad_() for shape in shapes]


TRUTH = torch.arange(TOKENS) * 5 % VOCABULARY


@pytest.mark.parametrize("piece", [1, 100, 10_000])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_loss_and_gradients_are_pytorchs(piece, smoothing, monkeypatch):
    monkeypatch.setattr(cross_entropy, "PIECE", piece)
    ours, theirs = parts(), parts()
    found = judge(*ours, TRUTH, smoothing)
    (2.5 * found.objective).backward()
    values, weight, bias = theirs
    logits = functional.linear(values, weight, bias)
    expected = functional.cross_entropy(logits, TRUTH, label_smoothing=smoothing)
    (2.5 * expected).backward()
    torch.testing.assert_close(found.objective, expected)
    each = functional.cross_entropy(logits, TRUTH, reduction="none")
    torch.testing.assert_close(found.losses, each.detach())
    assert torch.equal(found.best, most_probable(logits))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


def test_bfloat16_rounds_and_no_more():
    ours, theirs = parts(), parts()
    judge(*ours, TRUTH, 0.1, torch.bfloat16).objective.backward()
    judge(*theirs, TRUTH, 0.1).objective.backward()
    for mine, other in zip(ours, theirs, strict=True):
        assert not torch.equal(mine.grad, other.grad)
        assert (mine.grad - other.grad).norm() < 0.01 * other.grad.norm()


def test_without_gradients_and_without_tokens():
    with torch.no_grad():
        found = judge(*parts(), TRUTH)
    assert not found.objective.requires_grad
    values, weight, bias = parts()
    empty = judge(values[:0], weight, bias, TRUTH[:0])
    assert empty.losses.shape == empty.best.shape == (0,)


def test_what_may_not_be_written_is_never_the_most_probable():
    logits = torch.zeros(1, 6)
    logits[0, PAD], logits[0, START], logits[0, 4] = 9, 9, 1
    assert most_probable(logits).tolist() == [4]
