"""Search: which sequence to write.

The objective is the log probability of the tokens, END included, divided by

    lp(Y) = ((5 + |Y|) / 6)^alpha       (Wu et al. 2016, equation 14)

and a hypothesis that ended with END is preferred to one that the maximum length cut off.

The beam here is nested. An ordinary beam keeps the k best continuations at each step, so that a
wide one may crowd out what a narrow one would have found, and score worse. Here slot j of the beam
takes the best continuation, not yet taken, of the hypotheses in slots 1 to j. What slots 1 to j
hold then does not depend on how many more there are: slot 1 is the greedy search, and all that a
narrow beam finds, a wider one finds too. A slot whose hypothesis ends keeps it and is done.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from heedful.nn.local import Source, on_source
from heedful.nn.transduce import Transducer, allowed
from heedful.text.vocab import END, PAD, START


class Hypothesis(NamedTuple):
    """One way to rewrite one source.

    Attributes:
        ids: the tokens, END included if it `finished`.
        log_probabilities: of each of them, in nats.
        weights: (len(ids), T), where each step looked; T = 0 without attention, and where they
            are not asked for.
        finished: whether END was written before the maximum length.
        score: the objective.
    """

    ids: list[int]
    log_probabilities: list[float]
    weights: Tensor
    finished: bool
    score: float


def length_penalty(length: int, alpha: float) -> float:
    """lp(Y), see the module; `length` counts END."""
    return float(((5 + length) / 6) ** alpha)


def search(
    network: Transducer,
    source: Source,
    longest: int,
    width: int = 1,
    alpha: float = 0.0,
    *,
    looks: bool = True,
) -> list[list[Hypothesis]]:
    """Of each source its `width` hypotheses or fewer, the best first.

    Args:
        network: in evaluation mode.
        source: from `network.read`.
        longest: most tokens, END included.
        width: slots of the beam; 1 = greedy.
        alpha: of the length normalisation; 0 = none.
        looks: whether to keep the weights, which take tokens written x tokens read of memory.
    """
    if width == 1:
        return greedy(network, source, longest, alpha, looks=looks)
    return beam(network, source, longest, width, alpha, looks=looks)


def greedy(
    network: Transducer, source: Source, longest: int, alpha: float = 0.0, *, looks: bool = True
) -> list[list[Hypothesis]]:
    """The most probable token at each step; one hypothesis a source. See `search`."""
    trail = _Trail(source, 1, looks)
    carried = network.decoder.start(source)
    before = torch.full_like(source.lengths, START)
    texts = torch.arange(len(before), device=before.device)  # those still being written
    for step in range(longest):
        carried, looked, logits = network.step(carried, before, source, step)
        best, before = _log_probabilities(logits).max(dim=1)
        trail.add(texts, looked.weights, looked.first, texts, before, best)
        going = before != END
        if not bool(going.all()):
            texts, before = texts[going], before[going]
            carried, source = carried.rows(going), source.rows(going)
        if not len(texts):
            break
    return trail.hypotheses(alpha)


def beam(
    network: Transducer,
    source: Source,
    longest: int,
    width: int,
    alpha: float = 0.0,
    *,
    looks: bool = True,
) -> list[list[Hypothesis]]:
    """A nested beam of `width` slots, see the module and `search`."""
    texts, device = len(source.mask), source.mask.device
    trail = _Trail(source, width, looks)
    # Live hypotheses in rows, slot by slot within a text; totals of empty slots are -infinity.
    place = torch.arange(texts, device=device) * width  # the slot of each row, over all texts
    carried, rows = network.decoder.start(source), source
    before = torch.full((texts,), START, device=device)
    totals = torch.zeros(texts, dtype=torch.float64, device=device)
    done = torch.zeros(texts * width, dtype=torch.bool, device=device)
    for step in range(longest):
        carried, looked, logits = network.step(carried, before, rows, step)
        values, tokens = _log_probabilities(logits).topk(min(width, logits.shape[1]), dim=1)
        grid = totals.new_full((texts * width, values.shape[1]), -torch.inf)
        grid[place] = totals.unsqueeze(1) + values
        picked = _pick(grid.view(texts, width, -1), done.view(texts, width))  # (texts, width)
        slots = (picked.view(-1) >= 0).nonzero().squeeze(1)
        if not len(slots):
            break
        flat = picked.view(-1)[slots]
        parent = slots // width * width + flat // values.shape[1]  # the slot that is continued
        row = torch.full((texts * width,), -1, device=device).index_put_(
            (place,), torch.arange(len(place), device=device)
        )[parent]
        option = flat % values.shape[1]
        before, gained = tokens[row, option], values[row, option]
        trail.add(slots, looked.weights[row], looked.first[row], parent, before, gained)
        ended = before == END
        done[slots[ended]] = True
        kept = (~ended).nonzero().squeeze(1)
        place, before = slots[kept], before[kept]
        totals = grid[parent[kept], option[kept]]
        carried, rows = carried.rows(row[kept]), rows.rows(row[kept])
        if not len(place):
            break
    return trail.hypotheses(alpha)


def _pick(grid: Float[Tensor, "B W O"], done: Tensor) -> Int[Tensor, "B W"]:
    """Which continuation each slot takes: (slot x options + option), or -1 for none.

    Args:
        grid: totals of the options of each slot's hypothesis; -infinity where there is none.
        done: (B, W), slots whose hypothesis has ended.
    """
    texts, width, options = grid.shape
    left = grid.reshape(texts, -1).clone()
    picked = torch.full((texts, width), -1, device=grid.device)
    for slot in range(width):
        best, index = left[:, : (slot + 1) * options].max(dim=1)
        takes = (best > -torch.inf) & ~done[:, slot]
        picked[:, slot] = torch.where(takes, index, -1)
        left[takes, index[takes]] = -torch.inf
    return picked


def _log_probabilities(logits: Float[Tensor, "B V"]) -> Float[Tensor, "B V"]:
    """PAD and START keep their share of the probability, but are never chosen."""
    return allowed(torch.log_softmax(logits, dim=1))


class _Step(NamedTuple):
    """One step of all slots (text x width + slot): what was written, after which slot, the gain,
    and which row of `first` and `weights` says where it looked.
    """

    tokens: list[int]
    parents: list[int]
    gains: list[float]
    rows: list[int]
    first: Tensor
    weights: Tensor


class _Trail:
    """What was written and where it looked, step by step, with links back to the slot before."""

    def __init__(self, source: Source, width: int, looks: bool) -> None:
        self.texts, self.width, self.looks = len(source.mask), width, looks
        self.lengths = source.lengths.tolist()
        self.steps: list[_Step] = []

    def add(
        self,
        slots: Tensor,
        weights: Tensor,
        first: Tensor,
        parents: Tensor,
        tokens: Tensor,
        gained: Tensor,
    ) -> None:
        """One step: rows of `slots` (text x width + slot), each continuing a slot in `parents`."""
        size = self.texts * self.width
        token = torch.full((size,), PAD, device=slots.device).index_put_((slots,), tokens)
        parent = torch.zeros_like(token).index_put_((slots,), parents)
        gain = gained.new_zeros(size).index_put_((slots,), gained)
        # Weights stay by row; `row` says which row is a slot's.
        row = torch.full_like(token, -1).index_put_(
            (slots,), torch.arange(len(slots), device=slots.device)
        )
        weights = weights if self.looks else weights[:, :0]
        # Plain lists: reading single numbers out of tensors would take longer than the search.
        lists = (token.tolist(), parent.tolist(), gain.tolist(), row.tolist())
        self.steps.append(_Step(*lists, first.cpu(), weights.cpu()))

    def hypotheses(self, alpha: float) -> list[list[Hypothesis]]:
        """All that ended, and all that the maximum length cut, the best first."""
        found: list[list[Hypothesis]] = [[] for _ in range(self.texts)]
        lengths = self.lengths
        last = len(self.steps) - 1
        for at in range(len(self.steps)):
            for slot, token in enumerate(self.steps[at].tokens):
                if token == END or (at == last and token != PAD):
                    text = slot // self.width
                    found[text].append(self._follow(at, slot, lengths[text], alpha))
        for several in found:
            several.sort(key=lambda h: (not h.finished, -h.score))
        return found

    def _follow(self, at: int, slot: int, tokens: int, alpha: float) -> Hypothesis:
        """The hypothesis that stands in a slot after step `at`, back to its first token."""
        ids, gains, looks, first = [], [], [], []
        for step in range(at, -1, -1):
            now = self.steps[step]
            ids.append(now.tokens[slot])
            gains.append(now.gains[slot])
            looks.append(now.weights[now.rows[slot]])
            first.append(now.first[now.rows[slot]])
            slot = now.parents[slot]
        looked = torch.stack(looks[::-1])
        if looked.shape[1]:
            places = torch.stack(first[::-1]).unsqueeze(0)
            looked = on_source(looked.unsqueeze(0), places, tokens)[0]
        score = sum(gains) / length_penalty(len(ids), alpha)
        return Hypothesis(ids[::-1], gains[::-1], looked, ids[0] == END, score)
