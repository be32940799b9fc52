"""Maps: exact sums, independent oracles, deletions by hand, and independence of company."""

from __future__ import annotations

import itertools
import json
import math
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from heedful.config import ENCODERS, SCORES
from heedful.explain import gradients
from heedful.explain.attribute import explain, explain_examples
from heedful.explain.erasure import leave_one_out
from heedful.explain.legend import METHODS
from heedful.explain.methods import token_maps
from heedful.explain.outputs import class_logit, log_odds
from heedful.explain.perturb import kept, masked, run, score
from heedful.explain.sampling import MOST, lime, runs, shapley
from heedful.learn.model import TextModel
from heedful.nn.classify import Classifier
from heedful.records import HeedfulError
from heedful.text.batch import pad
from heedful.text.labels import Labels
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import PAD, UNK, fit
from small_training import BINARY, reviews, settings

TEXTS = tuple(" ".join(e.text.split()[:14]) for e in reviews(6)) + ("good", "", "qqq www zzz")
LABELS = {
    "binary": BINARY,
    "multi-class": Labels(("a", "b", "c"), "multi-class"),
    "multi-label": Labels(("a", "b", "c"), "multi-label"),
}


def made(task: str = "binary", **more: object) -> TextModel:
    """An untrained network with weights large enough to curve."""
    config = settings(**{f"model__{k}": v for k, v in more.items()})
    tokenizer = Tokenizer(config.text)
    vocabulary, _ = fit(TEXTS[:-1], tokenizer, config.text)
    labels = LABELS[task]
    torch.manual_seed(5)
    network = Classifier(config.model, len(vocabulary), 1 if task == "binary" else 3)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "weight_hh" not in name:
                parameter.mul_(2.0)
            if "bias" in name:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return TextModel(config, labels, vocabulary, tokenizer, network)


def classes_of(model: TextModel, count: int = len(TEXTS)) -> np.ndarray:
    return np.arange(count) % len(model.labels.names)


def batch_of(model: TextModel):
    encoded = model.encode(TEXTS)
    batch = pad(encoded, range(len(encoded)))
    classes = torch.from_numpy(classes_of(model))
    return torch.from_numpy(batch.ids), torch.from_numpy(batch.mask), classes


def forward(model: TextModel, mask, classes):
    """z from token vectors, the rows repeated as Captum repeats them."""

    def z(values):
        times = len(values) // len(mask)
        _, attended = model.network.pool(values, mask.repeat(times, 1))
        logits = model.network.head(attended.context.squeeze(1))
        return class_logit(logits, classes.repeat(times), model.task)

    return z


VARIED = [
    ("binary", {"encoder": "bilstm", "layers": 2}),
    ("multi-class", {"encoder": "conv", "head": "dense"}),
    ("multi-label", {"encoder": "bigru", "query": "final", "attention": "general"}),
]


@pytest.mark.parametrize(("task", "more"), VARIED)
def test_gradients_equal_captums(task, more):
    from captum.attr import InputXGradient, IntegratedGradients  # here: seconds

    model = made(task, **more)
    model.network.eval()
    ids, mask, classes = batch_of(model)
    values = model.network.embed(ids, mask).detach()
    absent = model.network.embed(ids.masked_fill(mask, UNK), mask).detach()
    z = forward(model, mask, classes)
    theirs = InputXGradient(z).attribute(values.clone().requires_grad_()).detach().sum(dim=-1)
    ours = gradients.gradient_input(model.network, ids, mask, classes, task)
    assert ours.abs().max() > 0.01
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)
    theirs, error = IntegratedGradients(z).attribute(
        values, absent, n_steps=gradients.STEPS, method="gausslegendre",
        return_convergence_delta=True,
    )  # fmt: skip
    plain = (model.network, ids, mask, classes, task, 0)
    ours, missing = gradients.integrated_gradients(*plain)
    assert ours.abs().max() > 0.01
    torch.testing.assert_close(ours.float(), theirs.sum(dim=-1), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(missing, -error.double(), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("task", "more"), VARIED)
def test_integrated_gradients_sum_to_the_output_difference(task, more):
    model = made(task, **more)
    encoded, classes = model.encode(TEXTS), classes_of(model)
    found = token_maps(model, encoded, classes, ["integrated-gradients"])
    for i, one in enumerate(found):
        rows = np.array([[False], [True]]) & np.ones((1, len(encoded[i])), bool)
        logits = torch.from_numpy(score(model.network, masked(encoded[i], rows)))
        z = class_logit(logits, torch.full((2,), int(classes[i])), task).double()
        values, missing = one["integrated-gradients"]
        assert values.sum() + missing == pytest.approx(float(z[0] - z[1]), abs=1e-5)
        assert abs(missing) < 0.01
    assert found[-1]["integrated-gradients"].values == pytest.approx(0), "unknown words only"


def test_a_jump_on_the_way_is_found():
    """Halfway up, within a thousandth of the way, the output rises by 20."""
    model = made(encoder="token", attention="uniform", embedding=1, head="dense",
                 head_activation="tanh")  # fmt: skip
    with torch.no_grad():
        model.network.embed.table.weight.fill_(1.0)[[PAD, UNK]] = 0.0
        model.network.head.hidden.weight.fill_(2_000.0)
        model.network.head.hidden.bias.fill_(-700.0)
        model.network.head.output.weight.fill_(0.5)
    ids, mask, _ = batch_of(model)
    asked = (model.network, ids[:6], mask[:6], torch.ones(6, dtype=torch.long), "binary")
    _, plain = gradients.integrated_gradients(*asked, 0)
    values, missing = gradients.integrated_gradients(*asked)
    assert (plain.abs() > 1).all(), "the plain rule misses it"
    assert (missing.abs() <= 0.2).all()
    known = (ids[:6] != UNK) & mask[:6]
    for row, here in zip(values, known, strict=True):
        assert row[here].numpy() == pytest.approx(20 / here.sum().item(), rel=0.02)
        assert row[~here].numpy() == pytest.approx(0)


@pytest.mark.parametrize("encoder", ["token", "bilstm", "bigru"])
@pytest.mark.parametrize("task", LABELS)
def test_attention_times_gradient_is_the_contribution(task, encoder):
    """With a linear head and states that are their own tokens'."""
    model = made(task, encoder=encoder)
    found = token_maps(
        model, model.encode(TEXTS), classes_of(model), ["attention-gradient", "contribution"]
    )
    for one in found:
        ours, contribution = one["attention-gradient"].values, one["contribution"].values
        assert ours == pytest.approx(contribution, abs=1e-5)
        assert one["contribution"].missing == pytest.approx(0, abs=1e-5)
    assert max(abs(one["contribution"].values).max(initial=0) for one in found) > 0.02


def test_attention_times_gradient_of_a_dense_head_by_differences():
    model = made("multi-class", encoder="conv", head="dense", head_activation="tanh")
    ids, mask, classes = batch_of(model)
    network = model.network.eval()
    found = gradients.attention_gradient(network, ids, mask, classes, model.task)
    with torch.no_grad():
        states, attended = network.pool(network.embed(ids, mask), mask)
        states = states.masked_fill(~mask.unsqueeze(-1), 0.0).double()
        weights, head = attended.weights.squeeze(1).double(), network.head.double()

        def z(weights):
            context = torch.einsum("bt,bth->bh", weights, states)
            return class_logit(head(context), classes, model.task)

        for t in (0, 3):
            step = torch.zeros_like(weights)
            step[:, t] = 1e-6
            slope = (z(weights + step) - z(weights - step)) / 2e-6
            torch.testing.assert_close(
                found[:, t].double(), weights[:, t] * slope, atol=1e-5, rtol=1e-4
            )
    assert found[:, 3].abs().max() > 1e-3


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("attention", SCORES)
def test_every_network_can_be_differentiated(encoder, attention):
    model = made("multi-class", encoder=encoder, attention=attention, head="dense")
    model.network.train()
    before = {k: v.clone() for k, v in model.network.state_dict().items()}
    names = ["attention-gradient", "gradient-input", "integrated-gradients"]
    with torch.inference_mode():  # whatever the caller is in
        found = token_maps(model, model.encode(TEXTS), classes_of(model), names)
    assert model.network.training, "the mode is restored"
    assert all(p.grad is None and p.requires_grad for p in model.network.parameters())
    assert all(torch.equal(v, before[k]) for k, v in model.network.state_dict().items())
    for name in names:
        assert all(np.isfinite(one[name].values).all() for one in found)
        assert max(abs(one[name].values).max(initial=0) for one in found) > 1e-4
    # A norm is at its steepest near the zeros that integration begins with.
    most = 0.05 if encoder == "transformer" else 0.02
    assert all(abs(one["integrated-gradients"].missing) < most for one in found)


def test_relu_gates_can_be_differentiated():
    model = made(encoder="bigru", gate="relu")
    found = token_maps(model, model.encode(["good film"]), np.array([1]), ["gradient-input"])
    assert abs(found[0]["gradient-input"].values).max() > 0


@pytest.mark.parametrize("task", LABELS)
def test_leave_one_out_is_so_many_deletions_by_hand(task):
    model = made(task, encoder="bilstm")
    words = ["the", "film", "is", "good", "not", "bad"]
    texts = [" ".join(words), *(" ".join(words[:i] + words[i + 1 :]) for i in range(6))]
    p = model.probabilities(texts).astype(np.float64)
    for index in range(len(model.labels.names)):
        odds = np.log(p[:, index]) - np.log1p(-p[:, index])
        (found,) = token_maps(model, model.encode(texts[:1]), np.array([index]), ["leave-one-out"])
        assert found["leave-one-out"].values == pytest.approx(odds[0] - odds[1:], abs=1e-4)
    assert np.ptp(odds) > 0.01


def test_leave_one_out_in_parts(monkeypatch):
    model = made(encoder="bilstm")
    ids = model.encode(TEXTS)[0]
    (whole,) = run(model.network, [leave_one_out(model.network, ids, 1, "binary")])
    monkeypatch.setattr(sys.modules["heedful.explain.deletions"], "AT_ONCE", 3 * len(ids))
    (parts,) = run(model.network, [leave_one_out(model.network, ids, 1, "binary")])
    assert parts == pytest.approx(whole, abs=1e-5)


def exact_shapley(model: TextModel, ids: np.ndarray, index: int) -> np.ndarray:
    """By the definition: a sum over all coalitions (Shapley 1953)."""
    count = len(ids)
    rows = np.array(list(itertools.product([False, True], repeat=count)))
    odds = log_odds(score(model.network, kept(ids, rows)), index, model.task)
    value = {tuple(row): v for row, v in zip(rows.tolist(), odds, strict=True)}
    result = np.zeros(count)
    for row in rows.tolist():
        for i in np.flatnonzero(~np.array(row)):
            more = tuple(x or j == i for j, x in enumerate(row))
            size = sum(row)
            share = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            result[i] += share * (value[more] - value[tuple(row)])
    return result


@pytest.mark.parametrize(("task", "text", "pairs"), [
    ("binary", "good bad film", 4), ("multi-class", "the film is good", 12),
    ("multi-label", "not good at all", 12), ("binary", "good", 4),
])  # fmt: skip
def test_shapley_values_are_exact_where_all_orders_are_taken(task, text, pairs):
    model = made(task, encoder="bilstm")
    ids = model.encode([text])[0]
    random = np.random.default_rng(0)
    (found,) = run(model.network, [shapley(ids, 1, task, random, pairs)])
    assert found.values == pytest.approx(exact_shapley(model, ids, 1), abs=1e-5)
    assert abs(found.missing) < 1e-12


def test_sampled_shapley_values_come_near_and_sum_up():
    model = made("multi-class", encoder="conv")
    ids = model.encode(["the film is not bad but good"])[0]
    exact = exact_shapley(model, ids, 2)
    errors = []
    for pairs in (2, 200):
        drawn = np.random.default_rng(3)
        (found,) = run(model.network, [shapley(ids, 2, "multi-class", drawn, pairs)])
        assert found.values.sum() == pytest.approx(exact.sum(), abs=1e-5)
        assert abs(found.missing) < 1e-12
        errors.append(np.abs(found.values - exact).max() / np.abs(exact).max())
    assert errors[1] < 0.1 and errors[1] < errors[0] / 3


def linear_bag(words: list[str], weights: list[float]) -> TextModel:
    """Token encoder, uniform attention, linear head: the logit is the mean of the weights."""
    model = made(encoder="token", attention="uniform", embedding=1)
    network = model.network
    with torch.no_grad():
        network.embed.table.weight.zero_()
        for word, weight in zip(words, weights, strict=True):
            network.embed.table.weight[model.vocabulary.id(word)] = weight
        network.head.linear.weight.fill_(1.0)
        network.head.linear.bias.fill_(0.0)
    return model


@pytest.mark.parametrize("method", ["lime", "leave-one-out", "contribution"])
def test_the_weights_of_a_linear_model_are_found_in_order(method):
    words = [w for w in Tokenizer(settings().text).words(TEXTS[0]) if w.isalpha()]
    words = list(dict.fromkeys(words))[:12]
    weights = np.random.default_rng(1).permutation(np.linspace(-6, 6, len(words))).tolist()
    model = linear_bag(words, weights)
    (found,) = token_maps(model, model.encode([" ".join(words)]), np.array([1]), [method])
    assert np.argsort(found[method].values).tolist() == np.argsort(weights).tolist()
    (mirror,) = token_maps(model, model.encode([" ".join(words)]), np.array([0]), [method])
    assert np.argsort(-mirror[method].values).tolist() == np.argsort(weights).tolist()


def test_lime_is_a_weighted_ridge_regression():
    """The normal equations by hand, on the very copies that were asked for."""
    model = made(encoder="conv")
    ids = model.encode(["the film is good"])[0]
    question = lime(ids, 1, "binary", np.random.default_rng(2), 60)
    asked = next(question)
    logits = score(model.network, asked)
    with pytest.raises(StopIteration) as done:
        question.send(logits)
    sets = np.split(asked.ids, np.cumsum(asked.lengths)[:-1])
    rows = np.array([[float(i in left) for i in ids] for left in sets])
    assert rows[0].all() and len(rows) == 60 and set(rows[1:].sum(axis=1)) == {0, 1, 2, 3}
    distance = 1 - rows.sum(axis=1) / np.sqrt(4 * np.maximum(rows.sum(axis=1), 1))
    weight = np.diag(np.exp(-((distance / 0.25) ** 2) / 2))
    design = np.column_stack([np.ones(60), rows])
    penalty = np.diag([0.0, 1, 1, 1, 1])
    target = logits[:, 0].astype(np.float64)
    solved = np.linalg.solve(design.T @ weight @ design + penalty, design.T @ weight @ target)
    assert done.value.value == pytest.approx(solved[1:], abs=1e-8)


def test_runs_of_a_long_text():
    assert runs(0).tolist() == [] and runs(3).tolist() == [0, 1, 2]
    long = runs(1_000)
    assert set(np.bincount(long)) == {3, 4} and len(set(long)) == MOST
    assert (np.diff(long) >= 0).all()


EVERY = METHODS
SUMMED = ("contribution", "integrated-gradients", "shapley")


@pytest.mark.parametrize("task", LABELS)
def test_every_method_has_one_number_per_token(task):
    model = made(task, encoder="bilstm")
    encoded = model.encode(TEXTS)
    found = token_maps(model, encoded, classes_of(model), EVERY)
    for one, length in zip(found, encoded.lengths, strict=True):
        assert tuple(one) == EVERY
        for name, (values, missing) in one.items():
            assert values.shape == (length,) and values.dtype == np.float64
            assert np.isfinite(values).all()
            assert (missing is not None) == (name in SUMMED)
    assert all(len(v.values) == 0 for v in found[-2].values()), "no tokens"


@pytest.mark.parametrize("task", LABELS)
def test_maps_alone_as_in_company(task):
    model = made(task, encoder="bilstm")
    classes = classes_of(model)
    together = token_maps(model, model.encode(TEXTS), classes, EVERY, seed=3)
    for i, text in enumerate(TEXTS):
        (alone,) = token_maps(model, model.encode([text]), classes[i : i + 1], EVERY, seed=3)
        for name in EVERY:
            assert alone[name].values == pytest.approx(together[i][name].values, abs=1e-5)


def test_seeds_change_what_is_drawn_and_nothing_else():
    model = made(encoder="conv")
    encoded, classes = model.encode(TEXTS[:1]), np.array([1])
    first, again, other = (
        token_maps(model, encoded, classes, EVERY, seed)[0] for seed in (0, 0, 1)
    )
    for name in EVERY:
        assert (first[name].values == again[name].values).all()
        same = (first[name].values == other[name].values).all()
        assert same == (name not in ("lime", "shapley", "random"))
    random = token_maps(model, encoded, classes, ["random"])[0]["random"].values
    assert not np.allclose(random, first["shapley"].values)
    changed = model.encode([TEXTS[0] + " good", TEXTS[0] + " bad"])
    one, two = token_maps(model, changed, np.array([1, 1]), ["random"])
    assert len(one["random"].values) == len(two["random"].values)
    assert not np.allclose(one["random"].values, two["random"].values), "texts draw for themselves"


def test_a_long_text():
    model = made(encoder="conv", embedding=4, hidden=4)
    text = " ".join(TEXTS[:6]) + " "
    text = text * (1 + 1_500 // len(model.encode([text])[0]))
    encoded = model.encode([text])
    (found,) = token_maps(model, encoded, np.array([1]), [m for m in EVERY if m != "leave-one-out"])
    assert len(encoded[0]) >= 1_500
    assert all(len(one.values) == len(encoded[0]) for one in found.values())
    ends = kept(encoded[0], np.array([[False], [True]]) & np.ones((1, len(encoded[0])), bool))
    empty, whole = log_odds(score(model.network, ends), 1, "binary")
    assert math.fsum(found["shapley"].values) == pytest.approx(whole - empty, abs=1e-9)


def test_an_unknown_method():
    model = made()
    with pytest.raises(HeedfulError, match="unknown method 'sharp'; choose from attention, contr"):
        token_maps(model, model.encode(["a"]), np.array([0]), ["sharp"])
    with pytest.raises(HeedfulError, match="unknown method 'sharp'"):
        explain(model, "a", methods=["sharp"])


@pytest.mark.parametrize("task", LABELS)
def test_explain_fills_the_maps_of_the_target(task):
    model = made(task, encoder="bigru")
    plain = explain(model, list(TEXTS))
    found = explain(model, list(TEXTS), methods=EVERY)
    encoded = model.encode(TEXTS)
    names = model.labels.names
    classes = np.array([names.index(one.target) for one in found])
    expected = token_maps(model, encoded, classes, EVERY)
    for one, maps, before in zip(found, expected, plain, strict=True):
        assert replace(one, maps={}, missing={}) == before, "the rest stays"
        assert tuple(one.maps) == EVERY[2:], "attention and contribution are there already"
        assert tuple(one.missing) == ("integrated-gradients", "shapley")
        for name in EVERY:
            values = one.map_of(name, one.target)
            assert values == pytest.approx(maps[name].values, abs=1e-6)
        for name, by_class in one.maps.items():
            assert set(by_class) == (set(names) if task == "binary" else {one.target})
            if task == "binary":
                first, second = by_class.values()
                assert first == tuple(-x for x in second), name
        assert type(one).from_json(json.loads(json.dumps(one.to_json()))) == one


def test_explain_another_class():
    model = made("multi-class")
    found = explain(model, TEXTS[0], "c", methods=["leave-one-out", "leave-one-out"])
    assert list(found.maps) == ["leave-one-out"] and list(found.maps["leave-one-out"]) == ["c"]
    many = list(explain_examples(model, reviews(3), "b", ["random"]))
    assert [list(one.maps["random"]) for one in many] == [["b"]] * 3
