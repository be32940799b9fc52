"""A pre-trained transformer in the encoder's place, against transformers' own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from heedful import TextClassifier, explain, load, measure_trust
from heedful.config import Config
from heedful.explain.attribute import explain_examples
from heedful.learn import frozen, state_store
from heedful.learn.checkpoint import Store
from heedful.learn.fit import Saving, fit
from heedful.learn.folder import load_model, save_model
from heedful.learn.listener import Silent
from heedful.learn.model import inference, logits, scored
from heedful.learn.pretrained import find
from heedful.learn.state_store import StateStore
from heedful.presets import preset
from heedful.records import Epoch, Example, HeedfulError
from heedful.settings import apply
from heedful.text.batch import pad
from heedful.text.labels import Labels
from made_transformers import bert_folder, roberta_folder
from small_training import tagged

transformers = pytest.importorskip("transformers", reason="needs the extra hf")

BINARY = Labels(("no", "yes"), "binary")
TEXTS = [
    f"the {what} was {how}{mark}"
    for what in ("film", "plot", "actor", "cafés")
    for how in ("great", "bad", "not unbelievable", "very dull")
    for mark in ("", "!")
]
EXAMPLES = [
    Example(text, ("yes" if "great" in text or "unbel" in text else "no",), "made", row + 1)
    for row, text in enumerate(TEXTS)
]
ODD = [*TEXTS[:5], "", "UNBELIEVABLES 😀 caf\u0301e [SEP]", "the film was bad . " * 9, "zzz"]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bert_folder(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return roberta_folder(tmp_path_factory.mktemp("roberta"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEEDFUL_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "states"


def config(folder: Path, **settings: object) -> Config:
    named = {k.replace("__", "."): v for k, v in settings.items()}
    usual = {"encoder": f"hf:{folder}", "train.epochs": 2, "train.threads": 1, "hf.overlap": 4}
    usual |= {"train.precision": "float32", "evidence.orders": 0, "model.attention_width": 4}
    return apply(preset("pretrained"), usual | named)


def trained(folder: Path, store: Path | None = None, **settings: object):
    saving = Saving(Store(store)) if store else None
    return fit(EXAMPLES[:24], EXAMPLES[24:], BINARY, config(folder, **settings), saving)


@pytest.fixture(scope="module")
def frozen_model(bert: Path):
    return trained(bert).model


def own_states(folder: Path, text: str, size: int, overlap: int) -> np.ndarray:
    """By transformers alone: its tokenizer, its model, one window at a time."""
    cut = transformers.AutoTokenizer.from_pretrained(folder, split_special_tokens=True)
    body = transformers.AutoModel.from_pretrained(folder).eval()
    ids = cut(text, add_special_tokens=False)["input_ids"]
    starts = [0]
    while starts[-1] + size < len(ids):
        starts.append(min(starts[-1] + size - overlap, len(ids) - size))
    read = {}
    for start in starts:
        some = ids[start : start + size]
        row = torch.tensor([[cut.cls_token_id, *some, cut.sep_token_id]])
        with torch.no_grad():
            found = body(input_ids=row).last_hidden_state[0, 1:-1].numpy()
        for i in range(len(some)):
            context = min(i, len(some) - 1 - i)
            if start + i not in read or context > read[start + i][0]:
                read[start + i] = (context, found[i])
    return np.array([read[i][1] for i in range(len(ids))])


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_ids_offsets_and_states_are_those_of_transformers(
    kind: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(kind)
    found = find(config(folder))
    theirs = transformers.AutoTokenizer.from_pretrained(folder, split_special_tokens=True)
    model = trained(folder, train__epochs=1).model
    size = model.network.encode.size
    assert size == (16 if kind == "bert" else 38)
    encoded = model.encode(ODD)
    for i, text in enumerate(ODD):
        alone = theirs(text, add_special_tokens=False, return_offsets_mapping=True)
        assert (encoded[i] - 4).tolist() == alone["input_ids"]
        spans = [(token.start, token.end) for token in found.tokenizer.tokens(text)]
        if kind == "bert" or "😀" not in text:
            assert spans == alone["offset_mapping"]
    batch = pad(encoded, range(len(ODD)))
    ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
    with inference(model.network):
        states = model.network.encode(model.network.embed(ids, mask), mask).states.numpy()
    for i, text in enumerate(ODD):
        if len(encoded[i]):
            own = own_states(folder, text, size, 4)
            np.testing.assert_allclose(states[i, : len(own)], own, atol=2e-5)


def test_a_text_scores_the_same_alone_in_any_batch_with_any_padding(frozen_model) -> None:
    encoded = frozen_model.encode(ODD)
    together = logits(frozen_model.network, encoded)
    for i, text in enumerate(ODD):
        alone = logits(frozen_model.network, frozen_model.encode([text]))
        np.testing.assert_allclose(alone[0], together[i], atol=1e-5)
    batch = pad(encoded, range(len(ODD)))
    wide = ((0, 0), (0, 7))
    ids, mask = (torch.from_numpy(np.pad(part, wide)) for part in (batch.ids, batch.mask))
    with inference(frozen_model.network):
        padded = frozen_model.network.logits(ids, mask).numpy()
    np.testing.assert_allclose(padded, together, atol=1e-5)
    assert np.ptp(together) > 0.01


@pytest.mark.parametrize("tune", [False, True])
def test_contributions_sum_to_the_logit(bert: Path, frozen_model, tune: bool) -> None:
    model = trained(bert, hf__tune=True).model if tune else frozen_model
    for _, part in scored(model.network, model.encode(ODD)):
        whole = part.base + part.contributions.sum(dim=1)
        torch.testing.assert_close(whole, part.logits, atol=1e-5, rtol=0)
        sums = part.weights.sum(dim=1)
        assert (((sums - 1).abs() < 1e-5) | (sums == 0)).all()


def test_a_map_has_one_number_a_word_and_pieces_are_a_flag_away(frozen_model) -> None:
    text = "The film was UNBELIEVABLES, don't!"
    words, pieces = explain(frozen_model, text), explain(frozen_model, text, pieces=True)
    assert [t.text for t in words.tokens] == [
        "The", "film", "was", "UNBELIEVABLES", ",", "don't", "!",
    ]  # fmt: skip
    assert [t.text for t in pieces.tokens[3:7]] == ["un", "##believ", "##able", "##s"]
    own, theirs = words.contributions["yes"], pieces.contributions["yes"]
    assert own[3] == pytest.approx(sum(theirs[3:7]), abs=1e-12)
    assert sum(words.attention) == pytest.approx(1, abs=1e-6)
    assert words.attention[5] == pytest.approx(sum(pieces.attention[8:11]), abs=1e-12)
    assert words.logits == pieces.logits and words.base == pieces.base
    assert explain(frozen_model, "").tokens == ()


def test_maps_by_gradients_deletion_and_trust_work_on_pieces(frozen_model) -> None:
    methods = ["gradient-input", "integrated-gradients", "leave-one-out", "attention-gradient"]
    (found,) = explain_examples(frozen_model, [Example("the film was bad")], None, methods)
    assert all(len(found.maps[m][found.target]) == 4 for m in methods)
    assert abs(found.missing["integrated-gradients"][found.target]) < 0.02
    linear = found.map_of("attention-gradient", found.target)
    assert linear == pytest.approx(found.contributions[found.target], abs=1e-5)
    without = logits(
        frozen_model.network, frozen_model.encode(["the film was bad", "the film was"])
    )
    sign = 1 if found.target == "yes" else -1
    lost = sign * float(without[0, 0] - without[1, 0])
    assert found.maps["leave-one-out"][found.target][3] == pytest.approx(lost, abs=1e-5)
    assert measure_trust(frozen_model, "the film was bad")["contribution"].tokens == 4


# -- the cache of states ---------------------------------------------------------------------


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts a transformer reads, call by call."""
    from heedful.nn.pretrained import PretrainedEncoder

    calls, forward = [], PretrainedEncoder.forward

    def counting(self, values, mask):
        calls.append(len(values))
        return forward(self, values, mask)

    monkeypatch.setattr(PretrainedEncoder, "forward", counting)
    return calls


def test_each_text_is_read_once_and_later_runs_read_none(
    bert: Path, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch)
    first = trained(bert, tmp_path / "one", train__epochs=3)
    assert sum(calls) == len(TEXTS) and len(list(own_cache.glob("*/*.states"))) == 1
    calls.clear()
    again = trained(bert, tmp_path / "two", train__epochs=3)
    assert not calls and first.validation == again.validation
    assert first.model.network.known is None, "what a text scores never comes from the cache"
    (chunk,) = own_cache.glob("*/*.states")
    content = bytearray(chunk.read_bytes())
    content[-9] ^= 1
    chunk.write_bytes(content)
    assert trained(bert, tmp_path / "three", train__epochs=3).validation == first.validation
    assert sum(calls) == len(TEXTS), "a damaged chunk counts as not there"


def test_cached_states_are_the_uncached_rounded_to_float16(
    bert: Path, frozen_model, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, encoded = frozen_model.network, frozen_model.encode(ODD)
    plain = logits(network, encoded)
    silent = Silent()
    with frozen.states_known(network, [encoded], config(bert), silent, cached=True):
        calls = counted(monkeypatch)
        cached = logits(network, encoded)
        assert not calls
        other = logits(network, frozen_model.encode(["a new text"]))
        assert calls == [1], "a text that is not in the cache is read"
    assert 0 < np.abs(cached - plain).max() < 5e-3
    np.testing.assert_allclose(other, logits(network, frozen_model.encode(["a new text"])))


def test_the_library_writes_nothing_to_the_users_cache(bert: Path, own_cache: Path) -> None:
    trained(bert)
    assert not own_cache.exists()


def test_a_store_keeps_to_its_bound_and_old_chunks_make_room(tmp_path: Path) -> None:
    states = np.arange(40, dtype=np.float16).reshape(10, 4)  # 80 bytes
    keys = [bytes([i]) * state_store.KEY for i in range(3)]
    old = StateStore(tmp_path / "old", 4, 600)
    old.add(keys[0], states)
    old.close()
    new = StateStore(tmp_path / "new", 4, 200)
    new.add(keys[1], states)
    new.flush()
    assert not new.full and not list((tmp_path / "old").iterdir()), "another's chunk made room"
    new.add(keys[2], states)
    new.flush()
    assert new.full and keys[2] not in new and np.array_equal(new.get(keys[1]), states)
    new.close()
    again = StateStore(tmp_path / "new", 4, 200)  # of which nothing is needed any more
    again.add(keys[2], states)
    again.flush()
    assert not again.full and np.array_equal(again.get(keys[2]), states)
    again.close()
    narrow = StateStore(tmp_path / "new", 5, 200)
    assert keys[2] not in narrow and not list((tmp_path / "new").iterdir())


@pytest.mark.slow
def test_without_room_for_states_training_is_the_same_but_for_rounding(bert: Path) -> None:
    roomy, none = trained(bert), trained(bert, hf__cache_gb=0)
    assert none.validation["loss"] == pytest.approx(roomy.validation["loss"], abs=2e-3)
    tight = trained(bert, hf__cache_gb=1e-9)
    assert tight.validation["loss"] == none.validation["loss"]


# -- fine-tuning ------------------------------------------------------------------------------


def weights(model) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in model.network.encode.body.state_dict().items()}


def test_frozen_weights_stay_and_tuned_ones_move_at_their_own_rate(
    bert: Path, frozen_model
) -> None:
    own = weights(type("Found", (), {"network": type("N", (), {"encode": find(config(bert))})}))
    kept, tuned = weights(frozen_model), weights(
        trained(bert, hf__tune=True, train__steps=1, train__schedule="constant", train__average=0,
                hf__tune_rate=1e-3, train__learning_rate=0.1).model
    )  # fmt: skip
    assert all(torch.equal(own[name], kept[name]) for name in own)
    moved = max(float((own[name] - tuned[name]).abs().max()) for name in own)
    assert moved == pytest.approx(1e-3, rel=1e-3), "Adam's first step is the rate"
    names = [name for name, _ in frozen_model.network.named_parameters()]
    assert not any("layer" in name for name in names) and "query" in names


class Stops(Silent):
    """Interrupts after the first epoch."""

    def epoch(self, epoch: Epoch, best: bool) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize("threads", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_fine_tuning_resumes_to_the_same_bytes(bert: Path, tmp_path: Path, threads: int) -> None:
    chosen = config(bert, hf__tune=True, train__threads=threads, model__word_dropout=0.2)
    data = EXAMPLES[:24], EXAMPLES[24:], BINARY, chosen
    straight = fit(*data, Saving(Store(tmp_path / "a")))
    fit(*data, Saving(Store(tmp_path / "b")), Stops())
    resumed = fit(*data, Saving(Store(tmp_path / "b"), resume=True))
    one, other = (x.model.network.state_dict() for x in (straight, resumed))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert any(name.startswith("encode.tuned") for name in one)


# -- the run folder -----------------------------------------------------------------------------


@pytest.mark.parametrize("tune", [False, True])
def test_a_run_holds_all_that_is_needed(
    bert: Path, frozen_model, tmp_path: Path, tune: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = trained(bert, hf__tune=True).model if tune else frozen_model
    save_model(model, tmp_path / "run")
    gone = model.config.hf.source
    monkeypatch.setattr(
        "heedful.learn.pretrained_folder.find", lambda config: pytest.fail(str(gone))
    )
    again = load_model(tmp_path / "run")
    said = [json.dumps(one.to_json()) for one in model.predict(ODD)]
    assert said == [json.dumps(one.to_json()) for one in again.predict(ODD)]
    assert load(tmp_path / "run").predict(["the film was great"]).shape == (1,)
    body = transformers.AutoModel.from_pretrained(tmp_path / "run" / "encoder").state_dict()
    own = weights(model)
    assert all(torch.equal(body[name], own[name]) for name in own)
    names = {path.suffix for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert names <= {".json", ".safetensors"}, "no pickle"


def test_a_run_may_refer_to_weights_that_must_stay_what_they_were(
    tmp_path: Path, frozen_model
) -> None:
    folder = bert_folder(tmp_path / "bert")
    model = trained(folder, hf__weights="reference").model
    save_model(model, tmp_path / "run")
    assert not (tmp_path / "run" / "encoder" / "model.safetensors").exists()
    assert load_model(tmp_path / "run").predict(ODD) == model.predict(ODD)
    roberta_folder(folder)
    with pytest.raises(HeedfulError, match="other weights"):
        load_model(tmp_path / "run")


@pytest.mark.parametrize("name", ["model.safetensors", "heedful.json", "tokenizer.json"])
def test_a_damaged_run_is_told_in_a_line(frozen_model, tmp_path: Path, name: str) -> None:
    save_model(frozen_model, tmp_path / "run")
    (tmp_path / "run" / "encoder" / name).write_text("{}")
    with pytest.raises(HeedfulError) as told:
        load_model(tmp_path / "run")
    assert "\n" not in str(told.value)
    (tmp_path / "run" / "encoder" / name).unlink()
    with pytest.raises(HeedfulError) as told:
        load_model(tmp_path / "run")
    assert "\n" not in str(told.value)


def test_several_labels_and_n_grams_beside_it(bert: Path) -> None:
    examples, labels = tagged(24)
    chosen = config(bert, evidence__orders=2)
    model = fit(examples[:18], examples[18:], labels, chosen).model
    (said,) = model.predict(["about the film"])
    assert set(said.probabilities) == set(labels.names) and model.network.evidence is not None


def test_the_estimator_takes_the_encoders_name(bert: Path) -> None:
    settings = {"train.epochs": 1, "train.threads": 1, "evidence.orders": 0}
    classifier = TextClassifier(encoder=f"hf:{bert}", settings=settings)
    assert classifier.get_params()["encoder"] == f"hf:{bert}"
    said = classifier.fit(TEXTS, [e.labels[0] for e in EXAMPLES]).predict_proba(TEXTS[:3])
    assert said.shape == (3, 2) and classifier.model_.config.preset == "pretrained"


# -- what is refused ------------------------------------------------------------------------------


def test_a_missing_extra_and_a_missing_model_are_named(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: object) -> str:
        with pytest.raises(HeedfulError) as told:
            find(apply(preset("pretrained"), {"encoder": f"hf:{source}"}))
        assert "\n" not in str(told.value)
        return str(told.value)

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "hub's cache" in refused("nobody/nothing-of-that-name")
    assert "no such folder" in refused("./not-here")
    assert "holds no config.json" in refused(tmp_path)
    assert "is a file" in refused(bert / "config.json")
    (tmp_path / "config.json").write_text('{"model_type": "t5", "d_model": 8}')
    assert "encoder with a decoder" in refused(tmp_path)
    (tmp_path / "config.json").write_text((bert / "config.json").read_text())
    assert "cannot be read" in refused(tmp_path)
    monkeypatch.setattr("heedful.learn.pretrained.find_spec", lambda name: None)
    assert "pip install 'heedful[hf]'" in refused(bert)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"encoder": "hf:"}, "names no model"),
        ({"encoder": "hf:x", "text.unit": "word"}, "pieces of its own tokenizer"),
        ({"encoder": "hf:x", "text.lowercase": False}, "text.lowercase has no part"),
        ({"encoder": "hf:x", "train.tying": 1.0}, "train.tying"),
        ({"encoder": "hf:x", "train.optimizer": "lazy-adam"}, "adam or adamw"),
        ({"encoder": "hf:x", "model.query": "final"}, "no final state"),
        ({"encoder": "hf:x", "hf.tune": True, "hf.weights": "reference"}, "leave one of them"),
        ({"encoder": "hf:x", "hf.positions": 8, "hf.overlap": 8}, "no step"),
        ({"encoder": "conv"}, "text.unit=piece"),
    ],
)
def test_settings_that_do_not_go_together(settings: dict[str, object], said: str) -> None:
    with pytest.raises(HeedfulError, match=said):
        apply(preset("pretrained"), settings)


def test_no_transformer_and_no_window_that_it_cannot_read(bert: Path) -> None:
    with pytest.raises(HeedfulError, match="--encoder hf:"):
        find(preset("pretrained"))
    with pytest.raises(HeedfulError, match="more than the 16 tokens"):
        trained(bert, hf__positions=17)
    with pytest.raises(HeedfulError, match="use --preset pretrained"):
        apply(preset("default"), {"encoder": f"hf:{bert}"})
