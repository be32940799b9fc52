"""Texts with one token deleted, all of them at once: the work behind leave-one-out and the search.

Where a state sees a window only (token-wise and convolutional encoders), a deletion changes the
few states around it. They alone are computed again and pooled with the others, which stay: N
deletions cost about N windows instead of N texts. Elsewhere every text is read again. N-gram
evidence changes around a deletion only, too (`nn.deleted`).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.explain.perturb import Asking, Ids, Logits, deleted
from heedful.learn.model import device_of, inference
from heedful.nn.attend import Location
from heedful.nn.classify import Classifier
from heedful.nn.deleted import deleted_logits

Positions = NDArray[np.int64]

AT_ONCE = 1 << 20
"""Tokens of one text's variants asked for together: a text of 5,000 tokens has 25 million."""
_ROWS = 256
"""Deletions pooled together: with N tokens, so many times N weights."""


def is_local(network: Classifier) -> bool:
    """Whether a state and its score hang on the tokens within `encode.reach` of it alone."""
    by_place = isinstance(network.score, Location)
    return network.encode.reach is not None and network.query is not None and not by_place


def deletions(
    network: Classifier, ids: Ids, gone: NDArray[np.bool_], candidates: Positions
) -> Asking[Logits]:
    """(K, L) logits of the text without the tokens `gone` (N,), and without one candidate each.

    Args:
        network: the model.
        ids: (N,) the text.
        gone: (N,) True = deleted already.
        candidates: (K,) positions in the text, none of them gone.
    """
    if is_local(network):
        return _locally(network, ids[~gone], (np.cumsum(~gone) - 1)[candidates])
    step, found = max(1, AT_ONCE // len(ids)), []
    for start in range(0, len(candidates), step):
        some = candidates[start : start + step]
        rows = np.tile(gone, (len(some), 1))
        rows[np.arange(len(some)), some] = True
        found.append((yield deleted(ids, rows)))
    return np.concatenate(found)


def _locally(network: Classifier, ids: Ids, places: Positions) -> Logits:
    """(K, L) logits of the text `ids` (N,) without the token at each of the places (K,)."""
    reach = network.encode.reach or 0
    device = device_of(network)
    with inference(network):
        every = torch.from_numpy(ids.astype(np.int64)).to(device)[None]
        shown = _evidence(network, every[0], torch.from_numpy(places).to(device))
        if not network.attends:
            return np.asarray(shown + network.head.base().cpu().numpy(), np.float32)
        states, scores = _states(network, every, torch.ones_like(every, dtype=torch.bool))
        # Neighbours of the deleted token, two reaches to either side: what the states that
        # change can see. What lies beyond the text stays masked, as it is in a whole text.
        steps = torch.cat([torch.arange(-2 * reach, 0), torch.arange(1, 2 * reach + 1)])
        at = torch.from_numpy(places).to(device)[:, None] + steps.to(device)  # (K, 4R)
        there = (at >= 0) & (at < len(ids))
        near = every[0][at.clamp(0, len(ids) - 1)] * there
        inner = slice(reach, 3 * reach)  # the states that change, and whose window is whole
        if reach:
            new_states, new_scores = _states(network, near, there)
        else:  # a token-wise state changes for nobody else
            new_states = states.new_zeros(len(at), 0, states.shape[2])
            new_scores = scores.new_zeros(len(at), 0)
        changed, real = at[:, inner], there[:, inner]
        read = _pooled(
            network,
            (states[0], scores[0]),
            (torch.cat([changed, at.new_tensor(places)[:, None]], dim=1), real),
            (new_states[:, inner], new_scores[:, inner].masked_fill(~real, -torch.inf)),
        )
        return read + shown


def _evidence(network: Classifier, ids: Tensor, places: Tensor) -> Logits:
    """(K, L) what n-gram evidence says of the text (N,) without one token each; 0 without any."""
    if network.evidence is None:
        return np.zeros((len(places), network.classes), np.float32)
    shown: Logits = deleted_logits(network.evidence, ids, places).cpu().numpy()
    return shown


def _states(network: Classifier, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """States (B, T, H) and attention scores (B, T), in double precision."""
    states, _ = network.encode(network.embed(ids, mask), mask)
    query = network.query
    if query is None:
        raise ValueError("a query made of final states sees the whole text")
    scores = network.score(query.expand(len(ids), 1, -1), states)[:, 0]
    return states.double(), scores.double()


def _pooled(
    network: Classifier,
    whole: tuple[Tensor, Tensor],
    leaves: tuple[Tensor, Tensor],
    comes: tuple[Tensor, Tensor],
) -> Logits:
    """Logits when attention leaves some states out and takes others in.

    Args:
        whole: states (N, H) and scores (N,) of the text.
        leaves: (K, M + 1) positions of the states that leave, the deleted token's own last, and
            (K, M) whether the others lie in the text.
        comes: states (K, M, H) and scores (K, M), -inf where there is none.
    """
    states, scores = whole
    places, real = leaves
    new_states, new_scores = comes
    found = []
    for start in range(0, len(places), _ROWS):
        part = slice(start, start + _ROWS)
        stays = scores.expand(len(places[part]), -1).clone()  # (k, N)
        inside = torch.cat([real[part], torch.ones_like(places[part, :1], dtype=torch.bool)], 1)
        rows, columns = inside.nonzero(as_tuple=True)
        stays[rows, places[part][rows, columns]] = -torch.inf
        both = torch.cat([stays, new_scores[part]], dim=1)
        # A text of one token leaves nothing: all scores are -inf, all weights then 0.
        weights = torch.softmax(both, dim=1).nan_to_num(0.0)
        old, new = weights[:, : len(scores)], weights[:, len(scores) :]
        context = old @ states + torch.einsum("km,kmh->kh", new, new_states[part])
        logits = network.head(context.float())
        if network.peak is not None:
            largest = _peaks(states, places[part], real[part], new_states[part])
            logits = logits + network.peak.read(largest.float())
        found.append(logits.cpu().numpy())
    return np.concatenate(found)


def _peaks(states: Tensor, places: Tensor, real: Tensor, new_states: Tensor) -> Tensor:
    """(K, H) the largest value of each unit when some states leave and others come in.

    The states that leave lie side by side, so that those that stay are a beginning of the text
    and an end of it, whose largest values are known for all cuts at once.

    Args:
        states: (N, H) of the text.
        places: (K, M + 1) positions of the states that leave, the deleted token's own last.
        real: (K, M) whether the others lie in the text.
        new_states: (K, M, H), where `real`.
    """
    lowest = torch.full_like(states[:1], -torch.inf)
    before = torch.cat([lowest, states.cummax(dim=0).values])  # of the first n states
    after = torch.cat([states.flip(0).cummax(dim=0).values.flip(0), lowest])  # from n on
    own = places[:, -1:]
    leave = torch.cat([torch.where(real, places[:, :-1], own), own], dim=1)
    stay = torch.maximum(before[leave.amin(dim=1)], after[leave.amax(dim=1) + 1])
    if new_states.shape[1]:
        come = new_states.masked_fill(~real.unsqueeze(-1), -torch.inf).amax(dim=1)
        stay = torch.maximum(stay, come)
    return stay.masked_fill(stay == -torch.inf, 0.0)  # nothing is left of a text of one token
