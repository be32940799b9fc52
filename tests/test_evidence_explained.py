"""N-gram evidence in explanations: sums, gradients, deletions, cards, what is not defined."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

from heedful.explain.anatomy import anatomies, heads
from heedful.explain.attribute import explain_examples
from heedful.explain.deletions import is_local
from heedful.explain.legend import ALWAYS
from heedful.explain.measure import Plan, measure
from heedful.explain.methods import methods_of, token_maps
from heedful.explain.mixtures import mixer
from heedful.explain.outputs import log_odds
from heedful.explain.trust import measure_trust
from heedful.explain.trusted import trusted_examples
from heedful.face.heat import account
from heedful.face.heat import methods_of as offered
from heedful.face.render import to_html, to_notebook, to_terminal
from heedful.learn.describe import describe
from heedful.learn.model import TextModel, logits
from heedful.learn.scoring import score_examples
from heedful.nn.deleted import deleted_logits, slowly_deleted_logits
from heedful.nn.evidence import Evidence, Features
from heedful.nn.grams import Kinds, grams
from heedful.records import Example, Explanation, HeedfulError
from heedful.text.vocab import UNK
from made_models import evident_model, random_evidence, random_model

TASKS = ("binary", "multi-class", "multi-label")
ENCODERS = ("none", "conv", "bilstm")


def texts(count: int, seed: int = 0, longest: int = 14) -> list[str]:
    """Texts of words that the models know, and of one that they do not."""
    draw = np.random.default_rng(seed)
    words = np.array([*(f"w{i}" for i in range(12)), "never"])
    return [" ".join(draw.choice(words, draw.integers(1, longest))) for _ in range(count)]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("frames", [False, True])
def test_contributions_and_parts_sum_to_the_logit(task: str, encoder: str, frames: bool) -> None:
    model = evident_model(task, encoder, evidence__frames=frames)
    said = [*texts(6), "Never w1 NEVERS w4 1000 w5 ?", ""]
    found = list(explain_examples(model, [Example(text) for text in said]))
    decided = logits(model.network, model.encode(said))
    for one, row in zip(found, decided, strict=True):
        own = {"positive": row[0]} if task == "binary" else dict(zip("abc", row, strict=True))
        for name, logit in own.items():
            total = one.base[name] + sum(one.contributions[name])
            assert total == pytest.approx(logit, abs=1e-5)
            parts = sum(by[name] for by in one.parts.values())
            assert one.base[name] + parts == pytest.approx(logit, abs=1e-5)
            assert abs(one.error[name]) < 1e-5
        assert set(one.parts) == ({"evidence"} if encoder == "none" else {"evidence", "attention"})


@pytest.mark.parametrize("encoder", ["none", "conv"])
def test_the_parts_are_those_of_evidence_and_network_alone(encoder: str) -> None:
    model = evident_model("multi-class", encoder)
    evidence = model.network.evidence
    assert evidence is not None
    (whole,) = explain_examples(model, [Example("w1 w2 w1 w3")])
    ids = torch.from_numpy(model.encode([whole.text])[0].astype(np.int64))[None]
    shown = evidence.logits(ids, torch.ones_like(ids, dtype=torch.bool))[0] - evidence.bias
    assert list(whole.parts["evidence"].values()) == pytest.approx(shown.tolist(), abs=1e-5)
    model.network.evidence = None
    (without,) = explain_examples(model, [Example(whole.text)])
    assert without.parts == {} and "words:" not in account(without, "a")
    if encoder == "conv":
        read = [without.logits[c] - without.base[c] for c in "abc"]
        assert list(whole.parts["attention"].values()) == pytest.approx(read, abs=1e-5)


def test_hand_solved_parts() -> None:
    """ "w0 w0 w1", weights of w0, w0 w0 and w0 w1: 2, 3, 6; length 0."""
    model = evident_model()
    w0, w1 = model.vocabulary.id("w0"), model.vocabulary.id("w1")
    ids = torch.tensor([[w0, w0, w1]])
    words, pairs = (one.keys for one in grams(ids, ids > 0, Kinds(2)))
    keys = torch.stack([words[0, 0], pairs[0, 0], pairs[0, 1]])
    order = keys.argsort()
    weight = torch.tensor([[2.0], [3.0], [6.0]])[order]
    none = torch.zeros(len(model.vocabulary), 0, dtype=torch.int32)
    known = Features(keys[order], weight, torch.tensor([0.5]), none)
    model.network.evidence = Evidence(known, Kinds(2), 0.0)
    (one,) = explain_examples(model, [Example("w0 w0 w1")])
    assert one.contributions["positive"] == pytest.approx((1 + 1.5, 1 + 1.5 + 3, 3))
    assert one.base["positive"] == pytest.approx(0.5)
    assert one.parts["evidence"]["negative"] == pytest.approx(-11)
    loo = token_maps(model, model.encode(["w0 w0 w1"]), np.array([1]), ["leave-one-out"])[0]
    assert loo["leave-one-out"].values == pytest.approx([3, 3, 6])  # w0 w1, w0 w1, w0 w0 remain


# ----- deletions -----


@pytest.mark.parametrize("seed", range(24))
def test_deleted_logits_are_those_of_the_changed_texts(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    words = 3 + seed % 5  # few words: repeats, and n-grams that come back as others go
    kinds = Kinds(1 + seed % 4, 1 + seed % 5, seed % 2 == 0)
    framed = words + 2 if seed % 5 < 3 else 0  # where other groups reach no further
    length = (0.0, 0.5, 1.0)[seed % 3]
    evidence = random_evidence(words, 1 + seed % 3, seed, kinds, length, framed)
    size = int(torch.randint(1, 20, (1,), generator=draw))
    highest = words + 2 + (4 if framed else 0)
    ids = torch.randint(1, highest, (size,), generator=draw)  # unknown words, too, by shape
    places = torch.randperm(size, generator=draw)
    fast, slow = (f(evidence, ids, places) for f in (deleted_logits, slowly_deleted_logits))
    assert torch.allclose(fast, slow, atol=1e-5)


def test_deletions_fall_back_to_reading_where_no_reach_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evidence, ids = random_evidence(5, 2), torch.tensor([2, 3, 2, 4])
    fast = deleted_logits(evidence, ids, torch.arange(4))
    monkeypatch.setattr(Evidence, "reach", None)
    slow = deleted_logits(evidence, ids, torch.arange(4))
    assert torch.allclose(fast, slow, atol=1e-5)
    none = torch.zeros(0, dtype=torch.long)
    assert deleted_logits(evidence, ids, none).shape == (0, 2)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("frames", [False, True])
def test_leave_one_out_is_every_deletion_by_hand(encoder: str, frames: bool) -> None:
    model = evident_model("multi-class", encoder, evidence__frames=frames)
    encoded = model.encode(["w1 w2 w1 w2 never w3 w1 w2", "w4"])
    assert is_local(model.network) == (encoder != "bilstm")
    found = token_maps(model, encoded, np.array([2, 0]), ["leave-one-out"])
    for number, index in enumerate((2, 0)):
        ids = torch.from_numpy(encoded[number].astype(np.int64))
        with torch.inference_mode():
            whole = model.network.logits(ids[None], torch.ones(1, len(ids), dtype=torch.bool))
            for place, value in enumerate(found[number]["leave-one-out"].values):
                less = torch.cat([ids[:place], ids[place + 1 :], torch.zeros(1, dtype=torch.long)])
                mask = torch.arange(len(less)) < len(ids) - 1
                without = model.network.logits(less[None], mask[None])
                odds = [log_odds(x[0].numpy(), index, "multi-class") for x in (whole, without)]
                assert value == pytest.approx(odds[0] - odds[1], abs=1e-4)


# ----- gradients -----


@pytest.mark.parametrize("task", ["binary", "multi-class"])
@pytest.mark.parametrize("encoder", ["none", "conv"])
def test_integrated_gradients_sum_to_the_difference_to_unknown_words(
    task: str, encoder: str
) -> None:
    model = evident_model(task, encoder)
    encoded = model.encode(texts(4))
    found = token_maps(model, encoded, np.ones(4, np.int64), ["integrated-gradients"])
    for number, maps in enumerate(found):
        ids = torch.from_numpy(encoded[number].astype(np.int64))[None]
        mask = torch.ones_like(ids, dtype=torch.bool)
        with torch.inference_mode():
            both = [model.network.logits(x, mask)[0] for x in (ids, torch.full_like(ids, UNK))]
        column = 0 if task == "binary" else 1
        difference = float(both[0][column] - both[1][column])
        one = maps["integrated-gradients"]
        assert one.missing is not None and abs(one.missing) < 0.05
        assert one.values.sum() + one.missing == pytest.approx(difference, abs=1e-4)


def test_every_slope_has_the_contributions_of_the_evidence() -> None:
    model = evident_model("multi-label", "conv")
    encoded = model.encode(texts(3))
    classes, asked = np.array([0, 1, 2]), ["attention-gradient", "gradient-input"]
    both = token_maps(model, encoded, classes, asked)
    evidence, model.network.evidence = model.network.evidence, None
    assert evidence is not None
    read = token_maps(model, encoded, classes, asked)
    for number, index in enumerate(classes.tolist()):
        ids = torch.from_numpy(encoded[number].astype(np.int64))[None]
        shown = evidence(ids, torch.ones_like(ids, dtype=torch.bool)).contributions[0, :, index]
        for name in asked:
            gained = both[number][name].values - read[number][name].values
            assert gained == pytest.approx(shown.numpy(), abs=1e-5)


def test_of_evidence_alone_every_slope_is_the_contribution() -> None:
    model = evident_model("multi-class")
    asked = ["contribution", "gradient-input", "integrated-gradients"]
    for maps in token_maps(model, model.encode(texts(3)), np.array([0, 1, 2]), asked):
        for name in asked[1:]:
            assert maps[name].values == pytest.approx(maps["contribution"].values, abs=1e-6)


# ----- attention, and the lack of it -----


def heavy(model: TextModel) -> TextModel:
    """The same with evidence that outweighs the network."""
    assert model.network.evidence is not None
    model.network.evidence.rescale(30.0)
    return model


@pytest.mark.parametrize("head", ["linear", "dense"])
def test_the_evidence_stays_when_attention_is_changed(head: str) -> None:
    model = evident_model("multi-class", "conv", model__head=head)
    encoded = model.encode(["w1 w2 w3 w1"])
    ((_, anatomy),) = anatomies(model, encoded)
    assert anatomy.logits == pytest.approx(logits(model.network, encoded)[0], abs=1e-5)
    own = mixer(model.network, anatomy).reweighted(np.stack([anatomy.weights, np.full(4, 0.25)]))
    assert own[0] == pytest.approx(anatomy.logits, abs=1e-4)
    assert own[1] == pytest.approx(anatomy.uniform_logits, abs=1e-4)
    nothing = heads(model.network, np.zeros((1, anatomy.states.shape[1])), anatomy.evidence)
    bare = heads(model.network, np.zeros((1, anatomy.states.shape[1])))
    assert nothing - bare == pytest.approx(anatomy.evidence[None], abs=1e-4)


@pytest.mark.parametrize("encoder", ["none", "conv"])
@pytest.mark.parametrize("task", TASKS)
def test_the_card_is_about_the_class_of_the_map(task: str, encoder: str) -> None:
    model = heavy(evident_model(task, encoder))
    for one in trusted_examples(model, [Example(text) for text in texts(2, seed=3)]):
        for trust in one.trust.values():
            assert trust.target == one.target == one.prediction.main_label
            shown = one.prediction.probabilities[one.target]
            if task != "multi-class":
                assert trust.probability == pytest.approx(shown, abs=1e-5)


def printed(explanation: Explanation) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200, force_terminal=False, _environ={})
    console.print(to_terminal(explanation))
    return out.getvalue()


def test_without_attention_network_its_figures_are_not_defined() -> None:
    model = evident_model()
    (one,) = trusted_examples(model, [Example("w1 w2 w3 w1 w4")])
    trust = one.trust["contribution"]
    assert one.attention == () and one.map_of("attention", one.target) is None
    assert set(one.trust) == {"contribution"} and offered([one]) == ("contribution",)
    assert trust.attention_flip is None and trust.uniform is None
    said = printed(one)
    assert said.count("not defined: the model has no attention network") == 2
    assert "words: all n-gram evidence" in said
    page = to_html([one])
    assert "not defined: the model has no attention network" in page
    assert "much-read" not in page and ">Attention<" not in page
    assert "not defined" in to_notebook([one])


def test_with_both_the_parts_are_told() -> None:
    (one,) = explain_examples(evident_model("binary", "conv"), [Example("w1 w2 w3 w1 w4")])
    evidence, read = (one.parts[part][one.target] for part in ("evidence", "attention"))
    told = printed(one).replace("−", "-")
    assert f"; words: n-gram evidence {evidence:.3f}, attention network {read:.3f}" in told
    assert "; words: n-gram evidence" in to_html([one])


def test_maps_of_attention_are_refused_without_attention_network() -> None:
    model = evident_model()
    assert methods_of(model.network, ALWAYS) == ("contribution",)
    with pytest.raises(HeedfulError, match="no attention network; choose from contribution"):
        list(explain_examples(model, [Example("w1")], methods=["attention-gradient"]))
    with pytest.raises(HeedfulError, match="no attention network"):
        measure_trust(model, "w1 w2", ["attention"])
    found: Any = measure_trust(model, "w1 w2")
    assert set(found) == {"contribution"}


def test_trust_over_texts_says_null_where_attention_is_not_there() -> None:
    model, told = evident_model(), []
    examples = [Example(text) for text in texts(3, longest=6)]
    plan = Plan(methods=["contribution"])
    found = measure(model, examples, plan, lambda *said: told.append(said))
    assert found["attention"] is None and found["cards"][0]["attention"] is None
    assert found["methods"]["contribution"]["attention_flip"]["value"] is None
    assert found["chance"]["uniform"]["value"] is None
    json.dumps(found)
    with pytest.raises(HeedfulError, match="no attention network"):
        measure(model, examples, replace(plan, methods=["attention"]), lambda *_: None)


def test_uniform_attention_is_no_rival_where_there_is_none() -> None:
    examples = [Example("w1 w2", ("positive",)), Example("w3", ("negative",))]
    assert score_examples(evident_model(), examples, None).uniform is None
    assert score_examples(evident_model("binary", "conv"), examples, None).uniform is not None


# ----- records and tables -----


def test_explanations_come_back_from_json_old_ones_too() -> None:
    for model in (evident_model(), evident_model("binary", "conv"), random_model(12)):
        (one,) = trusted_examples(model, [Example("w1 w2 w3")])
        written = json.loads(json.dumps(one.to_json()))
        assert Explanation.from_json(written) == one
        del written["parts"]  # as it was before there was n-gram evidence
        assert Explanation.from_json(written) == replace(one, parts={})


def test_layers_count_the_evidence() -> None:
    alone, both = describe(evident_model()), describe(evident_model("binary", "conv"))
    assert [layer.stage for layer in alone] == ["evidence", "predict"]
    assert [layer.stage for layer in both][-3:] == ["attend", "evidence", "predict"]
    model = evident_model()
    every = sum(p.numel() for p in model.network.parameters())
    assert sum(layer.parameters for layer in alone) == every
    assert alone[0].what == str(model.network.evidence)
