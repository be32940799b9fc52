"""The log loss of a large vocabulary, piece by piece, with its gradient worked out on the way.

PyTorch's way makes the logits of all tokens, their logarithms of probabilities and the gradients
of both: four rectangles of tokens times vocabulary, each far larger than the processor's caches.
Here a piece of the tokens is done with before the next one is begun; what remains of it are its
losses and what it adds to the gradients. The same sums, but for rounding (as Hsu et al. 2024,
"Liger Kernel", do on GPUs).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from heedful.text.vocab import END, UNK

PIECE = 2_000_000  # logits at a time: 8 MB


class Judged(NamedTuple):
    """What a model thinks of the true tokens.

    Attributes:
        objective: mean over tokens of (1 - e) times the log loss of the truth and e times the mean
            log loss of all tokens; a scalar with a gradient.
        losses: (N,) log losses of the truth in nats, without one.
        best: (N,) the most probable token that may be written.
    """

    objective: Float[Tensor, ""]
    losses: Float[Tensor, " N"]
    best: Int[Tensor, " N"]


def judge(
    values: Float[Tensor, "N E"],
    weight: Float[Tensor, "V E"],
    bias: Float[Tensor, " V"],
    truth: Int[Tensor, " N"],
    smoothing: float = 0.0,
    computing: torch.dtype = torch.float32,
) -> Judged:
    """Cross entropy of softmax(values weight^T + bias) with the truth, smoothed by e.

    Args:
        values: of each token to be foretold.
        weight: a row for each token of the vocabulary.
        bias: likewise.
        truth: the true tokens.
        smoothing: e, label smoothing (Szegedy et al. 2016, section 7).
        computing: what is multiplied in.
    """
    return Judged(*_Judge.apply(values, weight, bias, truth, smoothing, computing))  # type: ignore[no-untyped-call]


class _Judge(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        values: Tensor,
        weight: Tensor,
        bias: Tensor,
        truth: Tensor,
        smoothing: float,
        computing: torch.dtype,
    ) -> tuple[Tensor, Tensor, Tensor]:
        count, size = len(values), len(weight)
        learning = any(ctx.needs_input_grad[:3])
        losses, spread = values.new_zeros(count), values.new_zeros(count)
        best = torch.zeros_like(truth)
        grads = [torch.zeros_like(part) for part in (values, weight, bias)] if learning else []
        table = weight.to(computing)
        step = max(1, PIECE // size)
        for a in range(0, count, step):
            piece, told = values[a : a + step].to(computing), truth[a : a + step].unsqueeze(1)
            logits = (piece @ table.t()).float().add_(bias)
            best[a : a + step] = most_probable(logits)
            whole = logits.logsumexp(dim=1)
            losses[a : a + step] = whole - logits.gather(1, told).squeeze(1)
            spread[a : a + step] = whole - logits.mean(dim=1)
            if learning:
                _add(grads, logits, whole, told, smoothing, piece, table, a)
        ctx.save_for_backward(*(grad.div_(max(count, 1)) for grad in grads))
        ctx.mark_non_differentiable(losses, best)
        objective = torch.lerp(losses, spread, smoothing).mean()
        return objective, losses, best

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, weight: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        return (*(weight * grad for grad in ctx.saved_tensors), None, None, None)


def _add(
    grads: list[Tensor],
    logits: Tensor,
    whole: Tensor,
    told: Tensor,
    smoothing: float,
    piece: Tensor,
    table: Tensor,
    start: int,
) -> None:
    """Add a piece's gradients to `grads`; its logits are used up."""
    change = logits.sub_(whole.unsqueeze(1)).exp_()  # the probabilities
    if smoothing:
        change.sub_(smoothing / change.shape[1])
    change.scatter_add_(1, told, change.new_full(told.shape, smoothing - 1))
    grads[2].add_(change.sum(dim=0))
    change = change.to(piece.dtype)
    grads[0][start : start + len(piece)] = change @ table
    grads[1].add_(change.t() @ piece)


def most_probable(logits: Float[Tensor, "N V"]) -> Int[Tensor, " N"]:
    """The token that gets the most and may be written: neither PAD nor START. No copy is made."""
    best, index = logits[:, END:].max(dim=1)
    return torch.where(logits[:, UNK] > best, UNK, index + END)
