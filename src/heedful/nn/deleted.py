"""N-gram evidence of a text without one of its tokens, for many tokens, without reading it anew."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from heedful.nn.evidence import Evidence
from heedful.nn.lookup import ABSENT

_ROWS = 256
"""Deletions looked at together."""


def deleted_logits(
    evidence: Evidence, ids: Int[Tensor, N], places: Int[Tensor, K]
) -> Float[Tensor, "K C"]:
    """What `evidence.logits` says of the text without the token at each of the places.

    A deletion takes away the groups of words that hold the token and makes those that reach over
    the gap: all of them lie in a window around it. Groups of the window that do neither stand in
    it before and after and cancel out, and so do those that only seem to touch the text's begin
    or end because the window is cut there. What is gained and lost is held against how often the
    whole text holds each group, as a group counts once a text.

    Args:
        evidence: what is asked.
        ids: a text of N tokens.
        places: K positions in it.
    """
    if evidence.reach is None:
        return slowly_deleted_logits(evidence, ids, places)
    if not len(places):
        return evidence.bias.new_zeros(0, evidence.classes)
    whole = _occurrences(evidence, ids[None], torch.ones_like(ids[None], dtype=torch.bool))[0]
    held, counts = torch.unique(whole[whole != ABSENT], return_counts=True)
    total = evidence.weight[held].double().sum(dim=0)
    change = [_change(evidence, ids, some, held, counts) for some in torch.split(places, _ROWS)]
    left = torch.ones(1, max(len(ids) - 1, 0), dtype=torch.bool, device=ids.device)
    found = evidence.scale(left).double() * (total + torch.cat(change))
    logits: Tensor = evidence.bias + found.to(evidence.bias.dtype)
    return logits


def slowly_deleted_logits(
    evidence: Evidence, ids: Int[Tensor, N], places: Int[Tensor, K]
) -> Float[Tensor, "K C"]:
    """The same by reading every changed text: what `deleted_logits` is held against."""
    if not len(places):
        return evidence.bias.new_zeros(0, evidence.classes)
    step = max(1, (1 << 18) // max(len(ids), 1))
    found = []
    for some in torch.split(places, step):
        at = torch.arange(max(len(ids) - 1, 1), device=ids.device)
        there = (at < len(ids) - 1).expand(len(some), -1)  # of one token padding remains
        shorter = ids[(at + (at >= some[:, None])) * there]
        found.append(evidence.logits(shorter * there, there))
    return torch.cat(found)


def _change(
    evidence: Evidence, ids: Tensor, places: Tensor, held: Tensor, counts: Tensor
) -> Tensor:
    """(K, C) by how much the summed weights of the distinct groups change, double precision."""
    before, after = (_near(evidence, ids, places, gone=gone) for gone in (False, True))
    rows, order = torch.cat([before, after], dim=1).sort(dim=1)
    steps = torch.where(order < before.shape[1], -1, 1)  # lost, gained
    first = torch.ones_like(rows, dtype=torch.bool)
    first[:, 1:] = rows[:, 1:] != rows[:, :-1]
    group = first.cumsum(dim=1) - 1
    moved = torch.zeros_like(rows).scatter_add_(1, group, steps).gather(1, group)
    # As often as the text holds it; a group that only a deletion makes is held 0 times.
    there = torch.searchsorted(held, rows).clamp(max=max(len(held) - 1, 0))
    if len(held):
        often = torch.where(held[there] == rows, counts[there], 0)
    else:
        often = torch.zeros_like(rows)
    turned = ((often + moved) > 0).long() - (often > 0).long()
    turned = turned.masked_fill(~first | (rows == ABSENT), 0)
    number, column = turned.nonzero(as_tuple=True)
    change = evidence.weight.new_zeros(len(places), evidence.classes, dtype=torch.float64)
    worth = evidence.weight[rows[number, column]].double() * turned[number, column, None]
    return change.index_add_(0, number, worth)


def _near(evidence: Evidence, ids: Tensor, places: Tensor, *, gone: bool) -> Tensor:
    """(K, R) rows of the groups around each place, with the token there or without it."""
    reach = evidence.reach or 0
    # One token more than a group can reach, so that a window's own ends never touch the gap.
    begin = (places - reach).clamp(min=0)
    at = begin[:, None] + torch.arange(2 * reach + 1 - gone, device=ids.device)
    if gone:
        at = at + (at >= places[:, None])
    there = at <= (places + reach).clamp(max=len(ids) - 1)[:, None]
    return _occurrences(evidence, ids[at.clamp(max=len(ids) - 1)] * there, there)


def _occurrences(
    evidence: Evidence, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
) -> Int[Tensor, "B R"]:
    """Rows of `evidence.weight`, one for every place of every group of a text, or ABSENT."""
    if not len(evidence.known):
        return torch.full_like(ids, ABSENT)
    return evidence.rows(ids, mask)[0].flatten(1)
