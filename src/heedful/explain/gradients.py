"""Maps from gradients: attention x gradient, gradient x input, integrated gradients.

All take ids (B, T), mask (B, T), the class of each text (B,) and a classifier, and give (B, T)
in log-odds, exactly 0 on padding. z is `outputs.class_logit`. To what each says of the attention
network, the contributions of n-gram evidence are added (`explain.evidence`). The network is left
as it was: its mode is restored and no parameter gets a `.grad`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from heedful.explain.evidence import evidence_map
from heedful.explain.outputs import class_logit
from heedful.learn.model import SCORING_TOKENS
from heedful.nn.classify import Classifier
from heedful.records import Task
from heedful.text.vocab import UNK

STEPS = 32
"""Nodes of the whole way."""
FEWER = 8
"""Nodes of a part of it."""
HALVINGS = 16
LIMIT = 0.01
"""What integrated gradients may miss: a share of the sum, or so much log-odds if it is below 1."""


@contextmanager
def differentiable(network: Classifier) -> Iterator[None]:
    """Drop-out off and gradients on, the network's mode restored afterwards.

    NVIDIA's own recurrent layers differentiate in training mode only; PyTorch's do always.
    """
    training = network.training
    network.eval()
    try:
        with (
            torch.enable_grad(),
            torch.backends.cudnn.flags(enabled=False),
        ):
            yield
    finally:
        network.train(training)


def attention_gradient(
    network: Classifier, ids: Tensor, mask: Tensor, classes: Tensor, task: Task
) -> Tensor:
    """a_t dz/da_t, the states held fixed (Serrano & Smith 2019).

    The context is sum_t a_t h_t, so that dz/da_t = dz/dcontext . h_t. With a linear head and an
    encoder without windows that makes it the contribution. What max pooling says goes by no weight
    of attention: each token's share of it is added.
    """
    with differentiable(network):
        with torch.no_grad():
            vectors = network.embed(ids, mask)
            states, attended = network.pool(vectors, mask)
            peaks = network.shared_peaks(vectors, states, mask)  # (B, T, C)
        context = attended.context.squeeze(1).requires_grad_()
        z = class_logit(network.head(context), classes, task)
        (slope,) = torch.autograd.grad(z.sum(), context)  # (B, H)
    toward = (states * slope.unsqueeze(1)).sum(dim=-1).masked_fill(~mask, 0.0)
    values: Tensor = attended.weights.squeeze(1) * toward
    every = classes.repeat_interleave(mask.shape[1])
    values = values + class_logit(peaks.flatten(0, 1), every, task).view(mask.shape)
    return values + _shown(network, ids, mask, classes, task)[0]


def gradient_input(
    network: Classifier, ids: Tensor, mask: Tensor, classes: Tensor, task: Task
) -> Tensor:
    """e_t . dz/de_t for the token vectors e (Denil et al. 2014; Shrikumar et al. 2016)."""
    shown, _ = _shown(network, ids, mask, classes, task)
    if not network.attends:
        return shown
    with differentiable(network):
        with torch.no_grad():
            values = network.embed(ids, mask)
        slope = _slope(network, values, mask, classes, task)
    toward: Tensor = (values * slope).sum(dim=-1).masked_fill(~mask, 0.0)
    return toward + shown


def _shown(
    network: Classifier, ids: Tensor, mask: Tensor, classes: Tensor, task: Task
) -> tuple[Tensor, Tensor]:
    """(B, T) n-gram evidence for the classes, and (B,) what that misses."""
    with torch.no_grad():
        return evidence_map(network, ids, mask, classes, task)


def _z(network: Classifier, values: Tensor, mask: Tensor, classes: Tensor, task: Task) -> Tensor:
    """(B,) z of token vectors (B, T, E), without n-gram evidence."""
    states, attended = network.pool(values, mask)
    logits = network.said(states, attended.context.squeeze(1), mask)
    return class_logit(logits, classes, task)


def _slope(
    network: Classifier, values: Tensor, mask: Tensor, classes: Tensor, task: Task
) -> Tensor:
    """(B, T, E) dz/de. Texts do not touch each other, so the sum over them separates."""
    leaf = values.detach().requires_grad_()
    (slope,) = torch.autograd.grad(_z(network, leaf, mask, classes, task).sum(), leaf)
    return slope


def integrated_gradients(
    network: Classifier,
    ids: Tensor,
    mask: Tensor,
    classes: Tensor,
    task: Task,
    halvings: int = HALVINGS,
) -> tuple[Tensor, Tensor]:
    """(e_t - u) . mean of dz/de_t on the way from u to e (Sundararajan et al. 2017).

    u is the vector of the unknown token, at every real position: the absence that masking
    means too. The mean is taken at `STEPS` Gauss-Legendre nodes. Recurrent networks change
    their mind at a point of the way, where z jumps and no even spread of nodes sees it. But what
    the numbers of any stretch must sum to is known from its ends: while what they miss is more
    than `LIMIT`, the stretches that miss most are halved.

    Args:
        halvings: how often at most; 0 = the plain rule with `STEPS` nodes.

    Returns:
        (B, T) values, and (B,) the completeness error z(text) - z(baseline) - sum; float64.
    """
    shown, short = (part.double() for part in _shown(network, ids, mask, classes, task))
    if not network.attends:
        return shown, short
    with differentiable(network):
        with torch.no_grad():
            start = network.embed(ids.masked_fill(mask, UNK), mask)
            way = network.embed(ids, mask) - start
        path = _Path(network, start, way, mask, classes, task)
        rows = torch.arange(len(ids), device=ids.device)
        ends = torch.zeros(len(ids), dtype=torch.float64, device=ids.device)
        parts = _integrate(path, _Stretches(rows, ends, ends + 1), STEPS)
        limit = LIMIT * (parts.shares.sum(dim=1) + parts.gap).abs().clamp(min=1.0)  # (B,)
        for _ in range(halvings):
            bad = _worst(parts, limit)
            if not bool(bad.any()):
                break
            halves = _integrate(path, parts.at.pick(bad).halved(), FEWER)
            parts = parts.pick(~bad).and_also(halves)
    values = shown.clone()
    missing = short.index_add(0, parts.at.rows, parts.gap)
    return values.index_add_(0, parts.at.rows, parts.shares), missing


class _Path(NamedTuple):
    """The straight way of every text from its baseline, and whose output is followed."""

    network: Classifier
    start: Tensor  # (B, T, E)
    way: Tensor  # (B, T, E)
    mask: Tensor
    classes: Tensor
    task: Task


class _Stretches(NamedTuple):
    """P parts of the ways: which text, and from where to where in 0..1."""

    rows: Tensor
    low: Tensor
    high: Tensor

    def pick(self, chosen: Tensor) -> _Stretches:
        return _Stretches(*(part[chosen] for part in self))

    def halved(self) -> _Stretches:
        middle = (self.low + self.high) / 2
        low, high = torch.cat([self.low, middle]), torch.cat([middle, self.high])
        return _Stretches(self.rows.repeat(2), low, high)


class _Parts(NamedTuple):
    """Stretches with what their tokens get, (P, T), and what that misses of their rise, (P,)."""

    at: _Stretches
    shares: Tensor
    gap: Tensor

    def pick(self, chosen: Tensor) -> _Parts:
        return _Parts(self.at.pick(chosen), self.shares[chosen], self.gap[chosen])

    def and_also(self, other: _Parts) -> _Parts:
        at = _Stretches(*(torch.cat(pair) for pair in zip(self.at, other.at, strict=True)))
        shares, gap = torch.cat([self.shares, other.shares]), torch.cat([self.gap, other.gap])
        return _Parts(at, shares, gap)


def _worst(parts: _Parts, limit: Tensor) -> Tensor:
    """(P,) the stretches to halve: in texts beyond their limit, those that miss about most."""
    size, rows = parts.gap.abs(), parts.at.rows
    of_text = torch.arange(len(limit), device=rows.device)[:, None] == rows  # (B, P)
    sizes = torch.where(of_text, size, 0.0)
    return (sizes.sum(dim=1) > limit)[rows] & (2 * size >= sizes.amax(dim=1)[rows])


def _integrate(path: _Path, at: _Stretches, steps: int) -> _Parts:
    """Gauss-Legendre quadrature along each stretch; many points of many texts at once."""
    nodes, weights = (part.to(at.low.device) for part in _nodes(steps))
    width = at.high - at.low
    places = at.low[:, None] + nodes * width[:, None]  # (P, K)
    scale = (weights * width[:, None]).flatten()
    part = torch.arange(len(width), device=width.device).repeat_interleave(steps)  # (P K,)
    shares = torch.zeros(len(width), path.mask.shape[1], dtype=torch.float64, device=width.device)
    for chosen in _groups(len(part), path):
        rows = at.rows[part[chosen]]
        points = _points(path, rows, places.flatten()[chosen])
        asked = (path.mask[rows], path.classes[rows], path.task)
        slope = _slope(path.network, points, *asked)  # (G, T, E)
        toward = (path.way[rows] * slope).sum(dim=-1).masked_fill(~path.mask[rows], 0.0)
        shares.index_add_(0, part[chosen], toward * scale[chosen, None])
    rise = _heights(path, at.rows, at.high) - _heights(path, at.rows, at.low)
    return _Parts(at, shares, rise - shares.sum(dim=1))


def _heights(path: _Path, rows: Tensor, places: Tensor) -> Tensor:
    """(P,) z at places of the ways, float64."""
    with torch.no_grad():
        parts = [
            _z(path.network, _points(path, r, p), path.mask[r], path.classes[r], path.task)
            for r, p in ((rows[c], places[c]) for c in _groups(len(rows), path))
        ]
    return torch.cat(parts).double()


def _groups(count: int, path: _Path) -> list[slice]:
    """`count` points in groups that keep to the budget of tokens."""
    step = max(1, SCORING_TOKENS // path.mask.shape[1])
    return [slice(low, low + step) for low in range(0, count, step)]


@cache
def _nodes(steps: int) -> tuple[Tensor, Tensor]:
    """Nodes and weights of Gauss-Legendre quadrature on 0..1, float64."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return torch.from_numpy((nodes + 1) / 2), torch.from_numpy(weights / 2)


def _points(path: _Path, rows: Tensor, places: Tensor) -> Tensor:
    """(P, T, E) the token vectors at places of the ways of these texts."""
    return path.start[rows] + places.to(path.way)[:, None, None] * path.way[rows]
