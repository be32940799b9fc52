"""An exported file says what the run says: the graph, what travels with it, its refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

from command_line import heedful
from heedful.config import ENCODERS, SCORES
from heedful.face.export.check import MOST, check
from heedful.face.export.classifier import to_onnx
from heedful.face.export.command import _warn_of_absent
from heedful.face.export.quantise import quantised, rounded
from heedful.face.export.write import exported, plan_of
from heedful.face.onnx_file import KEY, is_exported, session_of, travelling
from heedful.face.onnx_model import OnnxModel
from heedful.learn.answers import probabilities_of
from heedful.learn.decision import Decision
from heedful.learn.folder import save_model
from heedful.learn.model import TextModel, to_probabilities
from heedful.records import Example, HeedfulError
from made_models import bag_of_words, evident_model, random_model
from real_data import real

TEXTS = [
    "w1 w2 w3 w1 w2 w3 w9",
    "",
    "w5",
    "w3 Unheard w7, W2 words 1999! " * 6,
    "w1 w2",
    " ".join(f"w{i % 11}" for i in range(70)),
]
# One graph for each encoder and each score; every other option at least once.
CASES = [
    ("token", "additive", {"attention_depth": 2, "pooling": "attention+max"}),
    ("token", "location", {"head": "dense"}),
    ("conv", "concat", {"layers": 2, "window": "1,3,5", "pooling": "attention+max"}),
    ("conv", "dot", {"head": "dense", "head_activation": "tanh"}),
    ("conv", "uniform", {"words": 20}),
    ("bilstm", "general", {"layers": 2, "query": "final"}),
    ("bilstm", "content", {"bidirectional": "false", "gate": "relu"}),
    ("bigru", "scaled-dot", {"layers": 2, "query": "final", "pooling": "attention+max"}),
    ("bigru", "additive", {"gate": "relu", "attention_activation": "relu"}),
    ("transformer", "additive", {"layers": 2, "hidden": 12, "heads": 2, "head": "dense"}),
    ("transformer", "general", {"heads": 1, "pooling": "attention+max"}),
]
QUICK = ((1, 1), (4, 19))
TASKS = ("binary", "multi-class", "multi-label")


def quickly(model: TextModel) -> dict[str, float]:
    """The exporter's own check on a few batches."""
    return dict(check(model, session(model), QUICK, 1).largest)


def made(encoder: str, score: str, task: str, more: dict[str, object]) -> TextModel:
    options = {f"model__{name}": value for name, value in more.items()}
    options |= {"model__encoder": encoder, "model__attention": score}
    model = random_model(task=task, seed=3, **options)
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter.mul_(0.5)  # of some size, but not so large that rounding shows
    return model


@pytest.fixture(scope="module", autouse=True)
def _few_batches() -> Iterator[None]:
    """The command's own check, of which one test has all batches, on a few of them."""
    with pytest.MonkeyPatch.context() as patch:
        few = partial(check, shapes=QUICK, draws=1)
        patch.setattr("heedful.face.export.write.check", few)
        yield


def session(model: TextModel) -> object:
    return session_of(to_onnx(plan_of(model)).SerializeToString(), 1)


def saved(model: TextModel, folder: Path, **data: object) -> Path:
    save_model(model, folder, {"data": data})
    return folder


@pytest.mark.parametrize(("encoder", "score", "more"), CASES)
def test_every_encoder_and_every_score(encoder: str, score: str, more: dict[str, object]) -> None:
    task = TASKS[SCORES.index(score) % 3]
    model = made(encoder, score, task, more)
    found = quickly(model)
    assert set(found) == {"logits", "weights", "contributions", "base"}
    assert max(found.values()) < MOST / 2


def test_the_whole_check_on_texts_full_of_repeats() -> None:
    """Which of several equal places max pooling takes must not hang on rounding."""
    more = {"layers": 2, "window": "1,3,5", "pooling": "attention+max"}
    model = made("conv", "concat", "multi-class", more)
    found = check(model, session(model))
    assert found.batches == 36 and max(found.largest.values()) < MOST / 2


def test_the_cases_leave_none_out() -> None:
    assert {case[0] for case in CASES} == set(ENCODERS)
    assert {case[1] for case in CASES} == set(SCORES)


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("task", TASKS)
def test_all_of_them_with_all(encoder: str, score: str, task: str) -> None:
    for head in ("linear", "dense"):
        for pooling in ("attention", "attention+max"):
            for layers in (1, 2):
                queries = ("learned", "final") if encoder.startswith("bi") else ("learned",)
                for query in queries:
                    options = {"head": head, "pooling": pooling, "layers": layers, "query": query}
                    model = made(encoder, score, task, options)
                    check(model, session(model))


@pytest.mark.parametrize(
    ("task", "encoder", "more"),
    [
        ("binary", "none", {}),
        ("multi-label", "conv", {"frames": True, "borders": True, "reach": 3}),
        ("multi-class", "none", {"frames": True, "borders": True, "reach": 3}),
    ],
)
def test_evidence_of_word_groups(task: str, encoder: str, more: dict[str, object]) -> None:
    options = {f"evidence__{name}": value for name, value in more.items()}
    model = with_own_settings(evident_model(task, encoder, **options))
    assert quickly(model)["evidence"] < MOST / 5
    shown = model.network(*tensors(model, TEXTS)).evidence
    assert (shown.abs() > 0.1).any(), "some texts have evidence, or nothing was compared"


def with_own_settings(model: TextModel) -> TextModel:
    """The kinds and the length of its evidence, which is made apart, written to its settings."""
    layer = model.network.evidence
    assert layer is not None
    orders, reach, borders = layer.kinds
    own = replace(
        model.config.evidence, orders=orders, reach=reach, borders=borders, length=layer.length
    )
    return replace(model, config=replace(model.config, evidence=own))


def test_folded_keys_and_no_keys_at_all() -> None:
    """Keys of 12 bits, as `evidence.features` makes them, and a model whose evidence is a base."""
    model = with_own_settings(evident_model("binary", "none"))
    layer = model.network.evidence
    assert layer is not None
    keys = torch.unique(layer.known.keys >> 52)
    state = {"x.known.keys": keys, "x.weight": torch.randn(len(keys), 1), "x.bias": layer.bias}
    few = layer.parts.clamp(max=len(keys) - 1)
    state |= {"x.parts": few, "x.folded": torch.tensor(12)}
    model.network.evidence = type(layer).from_tensors(state, "x.", layer.kinds, layer.length)
    assert quickly(model)["evidence"] < MOST / 5
    nothing = {"x.known.keys": keys[:0], "x.weight": torch.zeros(0, 1), "x.bias": layer.bias}
    nothing |= {"x.parts": layer.parts[:, :0], "x.folded": torch.tensor(64)}
    model.network.evidence = type(layer).from_tensors(nothing, "x.", layer.kinds, layer.length)
    assert quickly(model)["evidence"] == 0


def tensors(model: TextModel, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    encoded = model.encode(texts)
    longest = max(1, int(encoded.lengths.max()))
    ids = torch.zeros(len(texts), longest, dtype=torch.long)
    for row in range(len(texts)):
        ids[row, : len(encoded[row])] = torch.from_numpy(encoded[row].astype(np.int64))
    return ids, torch.arange(longest) < torch.from_numpy(encoded.lengths)[:, None]


# --- the laws, on one file that has everything ----------------------------------------------


@pytest.fixture(scope="module")
def everything() -> TextModel:
    options = {"model__window": "1,3", "model__pooling": "attention+max"}
    return with_own_settings(evident_model("multi-class", "conv", **options))


@pytest.fixture(scope="module")
def files(everything: TextModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run folder `run`, and what the command makes of it: `run.onnx` and `small.onnx`."""
    place = tmp_path_factory.mktemp("export")
    model = replace(everything, decision=Decision(1.5, None, None))
    saved(model, place / "run", read={"text": "said", "label": "kind"})
    rows = [{"said": text, "kind": "abc"[i % 3]} for i, text in enumerate(TEXTS) if text]
    (place / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = ("--check", place / "data.jsonl")
    for name, flags in (("run", data), ("small", ("--int8", *data))):
        ran = heedful("export", place / "run", "--onnx", place / f"{name}.onnx", *flags)
        assert ran.code == 0, ran.err
        (place / f"{name}.out").write_text(ran.out + ran.err)
    yield place


@pytest.mark.parametrize("name", ["run", "small"])
def test_a_text_scores_alike_in_any_company(files: Path, name: str) -> None:
    model = OnnxModel.load(files / f"{name}.onnx", 1)
    together = model.predict(TEXTS)
    for text, one in zip(TEXTS, together, strict=True):
        (alone,) = model.predict([text])
        assert alone.labels == one.labels
        for label, p in alone.probabilities.items():
            assert p == pytest.approx(one.probabilities[label], abs=1e-6)


def test_padding_changes_nothing_and_what_it_holds_does_not_matter(everything: TextModel) -> None:
    ids, mask = (tensor.numpy() for tensor in tensors(everything, TEXTS))
    own = session(everything)
    names = ["logits", "weights", "contributions", "evidence"]
    known = own.run(names, {"ids": ids, "mask": mask})
    wide = np.pad(ids, ((0, 1), (0, 9)), constant_values=7)
    wide_mask = np.pad(mask, ((0, 1), (0, 9)))
    wide[:, :-9][:-1][~mask] = 5
    more = own.run(names, {"ids": wide, "mask": wide_mask})
    for name, one, other in zip(names, known, more, strict=True):
        inside = other[:-1] if one.ndim == 2 and name != "weights" else other[:-1, : ids.shape[1]]
        np.testing.assert_allclose(inside, one, atol=2e-6)
    assert not more[1][~wide_mask].any() and not more[2][~wide_mask].any(), "exactly 0 on padding"


def test_contributions_and_base_add_up_to_the_logits(everything: TextModel) -> None:
    ids, mask = (tensor.numpy() for tensor in tensors(everything, TEXTS))
    names = ["logits", "weights", "contributions", "base"]
    logits, weights, shares, base = session(everything).run(names, {"ids": ids, "mask": mask})
    np.testing.assert_allclose(base + shares.sum(axis=1), logits, atol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=1), mask.any(axis=1), atol=1e-6)


def test_numbers_solved_by_hand() -> None:
    """log-odds = -1 + the mean of the words' weights, each word a third of its own."""
    model = bag_of_words({"good": 3.0, "bad": -6.0}, base=-1.0)
    ids, mask = (tensor.numpy() for tensor in tensors(model, ["good bad so"]))
    outputs = ["logits", "weights", "contributions"]
    logits, weights, shares = session(model).run(outputs, {"ids": ids, "mask": mask})
    assert logits[0].tolist() == pytest.approx([-2.0])
    assert weights[0].tolist() == pytest.approx([1 / 3] * 3)
    assert shares[0, :, 0].tolist() == pytest.approx([1.0, -2.0, 0.0])


@pytest.mark.parametrize("task", TASKS)
def test_probabilities_without_torch_are_those_with_it(task: str) -> None:
    draw = np.random.default_rng(1)
    logits = draw.normal(size=(50, 1 if task == "binary" else 4)) * 40
    logits = np.vstack([logits, logits[:1] * 0, logits[:1] * 1e3]).astype(np.float32)
    own, known = probabilities_of(logits, task), to_probabilities(logits, task)
    np.testing.assert_allclose(own, known, atol=1e-7)


# --- the exporter checks itself -------------------------------------------------------------


@pytest.mark.parametrize("name", ["score.vector.weight^T", "head.linear.slope", "evidence.weight"])
def test_a_graph_that_differs_is_refused(everything: TextModel, name: str) -> None:
    """One number of a constant is changed: of attention, contributions, evidence."""
    graph = to_onnx(plan_of(everything))
    (tensor,) = (one for one in graph.graph.initializer if one.name == name)
    values = numpy_helper.to_array(tensor).copy()
    values.flat[:: max(1, values.size // 50)] += 0.05
    tensor.CopyFrom(numpy_helper.from_array(values, name))
    with pytest.raises(HeedfulError, match=r"differs from PyTorch by .* more than 0.0001"):
        check(everything, session_of(graph.SerializeToString(), 1), QUICK, 1)


def test_what_is_no_number_is_refused(everything: TextModel) -> None:
    true = session(everything)

    class Broken:
        get_outputs = true.get_outputs

        def run(self, names: list[str], inputs: object) -> list[object]:
            return [found * float("nan") for found in true.run(names, inputs)]

    with pytest.raises(HeedfulError, match="differs from PyTorch by inf"):
        check(everything, Broken(), QUICK)


@pytest.mark.parametrize("part", ["check", "measure"])
def test_nothing_is_written_then_and_an_old_file_stays(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    target = tmp_path / "model.onnx"
    target.write_bytes(b"old")
    monkeypatch.setattr(f"heedful.face.export.{part}.MOST", -1.0)
    data = () if part == "check" else ("--check", files / "data.jsonl")
    refusal = heedful("export", files / "run", "--onnx", target, *data).refusal()
    assert ("differs" if part == "check" else "probabilities differ") + " from PyTorch" in refusal
    assert target.read_bytes() == b"old" and list(tmp_path.iterdir()) == [target]


# --- int8 -----------------------------------------------------------------------------------


def test_rounding_by_hand() -> None:
    found = rounded(np.array([[1.0, 0.0], [-0.5, 0.0]], np.float32), 1, np.int8)
    assert found.values.tolist() == [[127, 0], [-64, 0]]
    assert found.scale.tolist() == pytest.approx([1 / 127, 1.0])


@pytest.mark.parametrize("encoder", ["conv", "bilstm", "bigru"])
def test_int8_is_a_little_off_and_a_good_deal_smaller(encoder: str) -> None:
    options = {"model__embedding": 32, "model__hidden": 32, "model__attention_width": 32}
    model = random_model(400, model__encoder=encoder, **options)
    graph = to_onnx(plan_of(model))
    small = quantised(graph)
    onnx.checker.check_model(small)
    assert small.ByteSize() < (0.5 if encoder == "conv" else 0.4) * graph.ByteSize()
    ids, mask = (tensor.numpy() for tensor in tensors(model, TEXTS))
    inputs = {"ids": ids, "mask": mask}
    forms = [session_of(form.SerializeToString(), 1) for form in (graph, small)]
    (logits,), (own,) = (form.run(["logits"], inputs) for form in forms)
    assert 1e-6 < np.abs(own - logits).max() < 0.1 * np.abs(logits).max()


def test_what_the_command_says(files: Path, tmp_path: Path) -> None:
    said = (files / "small.out").read_text()
    for word in ("float32", "int8", "accuracy", "checked against PyTorch on", "logits"):
        assert word in said
    sizes = [(files / name).stat().st_size for name in ("run.onnx", "small.onnx")]
    assert all(f"{size:,}" in said for size in sizes), "sizes as they lie on disk"
    ran = heedful("export", files / "run", "--onnx", tmp_path / "a.onnx", "--int8")
    assert "was not measured" in ran.err and "accuracy" not in ran.out


def test_classes_without_a_text_to_check_on_are_named(files: Path, tmp_path: Path) -> None:
    rows = [{"said": text, "kind": "b"} for text in TEXTS if text]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = ("export", files / "run", "--onnx", tmp_path / "a.onnx", "--check")
    ran = heedful(*asked, tmp_path / "b.jsonl")
    assert ran.code == 0 and "--check has no text of a, c:" in " ".join(ran.err.split())
    assert "has no text" not in (files / "run.out").read_text(), "there all are"


def test_of_many_absent_classes_the_first_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    _warn_of_absent([f"c{i}" for i in range(151)], [Example("a text", ("c150", "c3"))])
    said = " ".join(capsys.readouterr().err.split())
    assert "no text of c0, c1, c2, c4," in said and ", c12 and 137 more: accuracy" in said


# --- what travels, and what is refused ------------------------------------------------------


def test_what_travels_comes_back(everything: TextModel) -> None:
    found = exported(replace(everything, decision=Decision(2.0)), {"text": "said"}, int8=False)
    held = onnx.load_from_string(found.content).metadata_props
    values = json.loads({one.key: one.value for one in held}[KEY])
    assert values["format"] == 1 and values["vocabulary"][4:6] == ["w0", "w1"]
    assert "train" not in values, "nothing of the training machine travels"
    path = Path("x.onnx")
    back = travelling(values, path)
    assert back.labels == everything.labels and back.vocabulary == everything.vocabulary
    assert back.decision == Decision(2.0) and back.read == {"text": "said"}
    sections = ("text", "model", "evidence")
    for section in sections:
        assert getattr(back.config, section) == getattr(everything.config, section)


def refused(path: Path) -> str:
    return heedful("predict", path, "a text").refusal()


def test_files_that_are_none_of_ours(files: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    assert "does not exist" in refused(broken)
    for content in (b"", b"no protobuf at all", (files / "run.onnx").read_bytes()[:2000]):
        broken.write_bytes(content)
        assert f"{broken} c" in refused(broken) or "was not written by" in refused(broken)
    graph = onnx.load(files / "run.onnx")
    plain = onnx.ModelProto()
    plain.CopyFrom(graph)
    del plain.metadata_props[:]
    onnx.save(plain, broken)
    assert "was not written by heedful export" in refused(broken)
    values = json.loads(graph.metadata_props[0].value)
    for change, said in (
        ({"format": 2}, "format 2; this heedful reads 1"),
        ({"vocabulary": 3}, "vocabulary is not a list"),
        ({"id2label": {"0": "a"}}, "two or more distinct names"),
        ({"data": []}, "is damaged"),
    ):
        helper.set_model_props(plain, {KEY: json.dumps(values | change)})
        onnx.save(plain, broken)
        assert said in refused(broken)
    helper.set_model_props(plain, {KEY: "{"})
    onnx.save(plain, broken)
    assert "no JSON" in refused(broken)


def test_a_missing_extra_is_named(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heedful.face.onnx_file.find_spec", lambda _: None)
    assert "pip install 'heedful[onnx]'" in refused(files / "run.onnx")
    monkeypatch.setattr("heedful.face.export.command.find_spec", lambda _: None)
    ran = heedful("export", files / "run", "--onnx", files / "never.onnx")
    assert "pip install 'heedful[onnx]'" in ran.refusal()


def test_flags_and_commands_that_do_not_go(files: Path, tmp_path: Path) -> None:
    run, file = files / "run", files / "run.onnx"
    assert "ends in .onnx" in heedful("export", run, "--onnx", tmp_path / "model").refusal()
    assert "cannot be written" in heedful("export", run, "--onnx", "/proc/no/a.onnx").refusal()
    assert "exported file" in heedful("info", file).refusal()
    assert "run folder" in heedful("explain", file, "w1", "--trust").refusal()
    assert "run folder" in heedful("explain", file, "w1", "--method", "lime").refusal()
    (tmp_path / "folder.onnx").mkdir()
    assert not is_exported(str(tmp_path / "folder.onnx"))


# --- the same answers -----------------------------------------------------------------------


def same(one: dict[str, object], other: dict[str, object]) -> None:
    pairs = [(one.pop("probabilities"), other.pop("probabilities"))]
    assert {**one, "probability": 0} == {**other, "probability": 0}
    for own, known in pairs:
        assert own == pytest.approx(known, abs=MOST)


def test_predict_says_what_the_run_says(files: Path) -> None:
    """On the columns of training, of texts and of a file with rows that cannot be used."""
    with (files / "data.jsonl").open("a") as file:
        file.write('{"said": null, "kind": "a"}\n')
    asked = ("w1 w2 w3", "", "--input", files / "data.jsonl")
    by_run, by_file = (heedful("predict", files / name, *asked) for name in ("run", "run.onnx"))
    assert by_run.code == by_file.code == 0, by_file.err
    rows = list(zip(by_run.lines(), by_file.lines(), strict=True))
    assert len(rows) == 8 and sum("error" in one for one, _ in rows) == 2
    for one, other in rows:
        if "error" in one:
            assert one == other
        else:
            same(one, other)


@pytest.mark.parametrize(("keep", "words"), [("first", "w1 W2 w3"), ("last", "w5 w9 ZZ")])
def test_texts_are_read_as_the_run_reads_them(tmp_path: Path, keep: str, words: str) -> None:
    """Cut to so many tokens, at the same end; unknown words with their shapes."""
    options = {"text__max_tokens": 3, "text__keep": keep, "evidence__frames": True}
    model = with_own_settings(evident_model("binary", "none", **options))
    (tmp_path / "a.onnx").write_bytes(exported(model, {}, int8=False).content)
    own, text = OnnxModel.load(tmp_path / "a.onnx", 1), "w1 W2 w3 w4 w5 w9 ZZ"
    known, found = model.encode([text, "ZZ 1999"]), own.encode([text, "ZZ 1999"])
    for row, more in ((0, 0), (1, 2)):
        assert found[row].tolist() == known[row].tolist()
        assert (found[row] >= len(model.vocabulary)).sum() == more + (keep == "last") * (row == 0)
    assert found.cut.tolist() == known.cut.tolist() == [4, 0]
    assert " ".join(text[one.start : one.end] for one in own.tokens(text)) == words


def test_explain_draws_the_same_map(files: Path) -> None:
    asked = ("explain", files / "run", *TEXTS[2:], "--json", "-")
    known = heedful(*asked, "--no-trust").json()
    own = heedful("explain", files / "run.onnx", *TEXTS[2:], "--json", "-").json()
    for one, other in zip(own, known, strict=True):
        assert one["parts"].keys() == other["parts"].keys() == {"evidence", "attention"}
        for label in "abc":
            assert one["logits"][label] == pytest.approx(other["logits"][label], abs=MOST)
            assert one["base"][label] == pytest.approx(other["base"][label], abs=MOST)
        for token, wanted in zip(one["tokens"], other["tokens"], strict=True):
            assert (token["start"], token["end"]) == (wanted["start"], wanted["end"])
            assert token["attention"] == pytest.approx(wanted["attention"], abs=MOST)
            assert token["contributions"] == pytest.approx(wanted["contributions"], abs=MOST)


# --- real texts -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["fast", "default"])
def test_a_trained_run_on_a_thousand_reviews(preset: str, tmp_path: Path) -> None:
    train, test = real("imdb/train.tsv"), real("imdb/test.tsv")
    few = tmp_path / "train.tsv"
    lines = train.read_text("utf-8").split("\n")  # reviews hold other ends of lines
    few.write_text("\n".join([lines[0], *lines[1::12]]), "utf-8")
    rows = tmp_path / "test.tsv"
    rows.write_text("\n".join(test.read_text("utf-8").split("\n")[:1001]), "utf-8")
    run, file = tmp_path / "run", tmp_path / "run.onnx"
    epochs = ("--set", "train.epochs=1") if preset == "default" else ()
    assert heedful("train", few, "--out", run, "--preset", preset, *epochs).code == 0
    assert heedful("export", run, "--onnx", file).code == 0
    asked = ("--input", rows, "--no-text", "--split", "all")
    known, own = (heedful("predict", model, *asked).lines() for model in (run, file))
    assert len(own) == 1000
    for one, other in zip(known, own, strict=True):
        same(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("score", SCORES)
def test_every_pair_on_a_thousand_reviews(encoder: str, score: str, tmp_path: Path) -> None:
    """The first 1,000 test reviews, by little networks that have seen 250."""
    few, rows = tmp_path / "train.tsv", tmp_path / "test.tsv"
    lines = real("imdb/train.tsv").read_text("utf-8").split("\n")
    few.write_text("\n".join([lines[0], *lines[1::100]]), "utf-8")
    rows.write_text("\n".join(real("imdb/test.tsv").read_text("utf-8").split("\n")[:1001]), "utf-8")
    run, file = tmp_path / "run", tmp_path / "run.onnx"
    sizes = {"model.hidden": 16, "model.embedding": 16, "train.epochs": 1, "evidence.orders": 0}
    sizes |= {"pretrain.regions": 0, "pretrain.on_training": "false"}
    flags = [part for key, value in sizes.items() for part in ("--set", f"{key}={value}")]
    asked = ("--encoder", encoder, "--attention", score, "--no-baseline", *flags)
    ran = heedful("train", few, "--out", run, *asked)
    assert ran.code == 0, ran.err
    assert heedful("export", run, "--onnx", file).code == 0
    known, own = (
        heedful("predict", model, "--input", rows, "--no-text", "--split", "all").lines()
        for model in (run, file)
    )
    assert len(own) == 1000
    for one, other in zip(known, own, strict=True):
        same(one, other)
