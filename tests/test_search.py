"""The laws of the search, and all sequences of a small network gone through by hand."""

from __future__ import annotations

import math

import pytest
import torch

from heedful.nn.search import beam, greedy, length_penalty, search
from heedful.nn.transduce import allowed, most_probable
from heedful.text.vocab import END, PAD, START
from made_transducers import TARGETS, batch, network

LONGEST = 7


def searched(net, how, rows=10):
    ids, mask = batch(rows)
    with torch.no_grad():
        return how(net, net.read(ids, mask), LONGEST)


@pytest.fixture(
    params=[(3, {}), (3, {"scope": "local-p"}), (2, {"input_feeding": True, "cell": "lstm"})],
    ids=str,
)
def net(request):
    """Networks of which some sequences end and others do not, and wider beams find better ones."""
    seed, settings = request.param
    made = network(seed, scale=3.0, start="final", **settings)
    with torch.no_grad():
        made.decoder.bias[END] += 0.7
    return made


def test_a_beam_of_one_is_greedy(net):
    first, second = searched(net, greedy), searched(net, lambda *a: beam(*a, 1))
    assert [[h.ids for h in found] for found in first] == [[h.ids for h in f] for f in second]
    for (one,), (other,) in zip(first, second, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-5)
        torch.testing.assert_close(one.weights, other.weights)
    assert {one.finished for (one,) in first} == {True, False}


@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_a_wider_beam_is_never_worse_and_keeps_what_a_narrow_one_found(net, alpha):
    before = searched(net, lambda *a: search(*a, 1, alpha))
    gained = 0
    for width in (2, 3, 5):
        now = searched(net, lambda *a, w=width: search(*a, w, alpha))
        for old, new in zip(before, now, strict=True):
            assert {tuple(h.ids) for h in old} <= {tuple(h.ids) for h in new}
            assert (new[0].finished, new[0].score) >= (old[0].finished, old[0].score - 1e-5)
            gained += new[0].score > old[0].score + 1e-5
            assert len({tuple(h.ids) for h in new}) == len(new) <= width
            ranked = [(h.finished, h.score) for h in new]
            assert ranked == sorted(ranked, reverse=True)
        before = now
    assert gained  # there was something to gain


def test_a_batch_is_its_texts_one_by_one(net):
    ids, mask = batch(10)
    together = searched(net, lambda *a: search(*a, 3, 0.6))
    for i, length in enumerate(mask.sum(dim=1).tolist()):
        with torch.no_grad():
            source = net.read(ids[i : i + 1, :length], mask[i : i + 1, :length])
            (alone,) = search(net, source, LONGEST, 3, 0.6)
        assert [h.ids for h in alone] == [h.ids for h in together[i]]
        for one, other in zip(alone, together[i], strict=True):
            assert one.score == pytest.approx(other.score, abs=1e-5)
            torch.testing.assert_close(one.weights, other.weights, atol=1e-5, rtol=0)


def test_scores_are_those_of_teacher_forcing(net):
    ids, mask = batch(10)
    for i, found in enumerate(searched(net, lambda *a: search(*a, 3, 0.6))):
        for one in found:
            with torch.no_grad():
                logits = net(ids[i : i + 1], mask[i : i + 1], torch.tensor([one.ids]))
            each = torch.log_softmax(logits[0], 1).gather(1, torch.tensor([one.ids]).t())
            assert one.log_probabilities == pytest.approx(each.squeeze(1).tolist(), abs=1e-4)
            total = float(each.sum()) / ((5 + len(one.ids)) / 6) ** 0.6
            assert one.score == pytest.approx(total, abs=1e-4)
            assert one.finished == (one.ids[-1] == END) and END not in one.ids[:-1]
            assert one.finished or len(one.ids) == LONGEST
            assert not {PAD, START} & set(one.ids)


def test_a_beam_as_wide_as_the_tree_finds_the_best_of_all_sequences():
    net, (ids, mask) = network(scale=3.0), batch(1)
    letters = [i for i in range(TARGETS) if i not in (PAD, START)]
    everything = {}
    for wanted in [(END,), *((a, END) for a in letters if a != END)]:
        with torch.no_grad():
            logits = net(ids, mask, torch.tensor([wanted]))
        each = torch.log_softmax(logits[0], 1).gather(1, torch.tensor([wanted]).t())
        everything[wanted] = float(each.sum())
    with torch.no_grad():
        (found,) = beam(net, net.read(ids, mask), 2, 90)
    finished = {tuple(h.ids): h.score for h in found if h.finished}
    best = max(everything, key=everything.__getitem__)
    assert tuple(found[0].ids) == best
    assert finished.keys() == everything.keys()
    for wanted, score in finished.items():
        assert score == pytest.approx(everything[wanted], abs=1e-4)


def test_length_penalty_by_hand():
    assert length_penalty(1, 0.6) == 1
    assert length_penalty(7, 1.0) == 2
    assert length_penalty(100, 0.0) == 1
    assert length_penalty(13, 0.5) == pytest.approx(math.sqrt(3))


def test_the_most_probable_token_is_never_padding_nor_the_start():
    logits = torch.randn(200, TARGETS, generator=torch.Generator().manual_seed(0))
    assert torch.equal(most_probable(logits), allowed(logits).argmax(dim=1))
    assert set(most_probable(logits).tolist()) == set(range(TARGETS)) - {PAD, START}


def test_weights_can_be_left_out():
    net = network()
    (one,) = searched(net, lambda *a: search(*a, looks=False), 1)[0]
    assert one.weights.shape == (len(one.ids), 0)
