"""The network as a picture: every layer with its numbers, and the command that draws it."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from command_line import TINY, heedful
from drawn import SVG, texts
from heedful.face.colours import LIGHT
from heedful.face.plots.colours import colours
from heedful.face.plots.graph import network_svg
from heedful.face.plots.root import standalone
from heedful.learn.describe import Layer

ROOT = Path(__file__).parents[1]
LAYERS = (
    Layer("embed", "1,013 tokens x 7", "(B, T, 7)", 7091),
    Layer("encode", "LSTM, both directions", "(B, T, 22)", 1_597),
    Layer("encode", "GRU, forwards", "(B, T, 23)", 2_003),
    Layer("attend", "additive score, query: the encoder's final states",
          "(B, T) weights, (B, 23) context", 53),
    Layer("predict", "dense 20 + linear, softmax, 3 labels", "(B, 3)", 1),
)  # fmt: skip
NAMES = ('<script>&"', "שלום", "c")


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_every_layer_stands_there_with_shape_and_parameters() -> None:
    said = texts(parsed(network_svg(LAYERS, "multi-class", NAMES)))
    assert [x for x in said if x in ("Embed", "Encode 1", "Encode 2", "Attend", "Predict")] == [
        *("Embed", "Encode 1", "Encode 2", "Attend", "Predict")
    ]
    for line in ("1,013 tokens x 7", "gives (B, T, 22)", "1,597 parameters", "1 parameter",
                 "gives (B, 23) context", "additive score", "GRU, forwards"):  # fmt: skip
        assert line in said, line
    assert "10,745 parameters; B texts of T tokens" in said
    assert "one of 3 labels" in said


def test_boxes_follow_each_other_downwards_without_touching() -> None:
    boxes = [
        (int(x.attrib["y"]), int(x.attrib["height"]))
        for x in parsed(network_svg(LAYERS, "multi-class", NAMES)).iter(f"{SVG}rect")
        if x.attrib["width"] == "206"
    ]
    assert len(boxes) == 2 + len(LAYERS)
    for (y, height), (below, _) in pairwise(boxes):
        assert below - y - height == 30


def test_the_query_goes_in_and_the_weights_come_out() -> None:
    svg = parsed(network_svg(LAYERS, "multi-class", NAMES))
    said = texts(svg)
    start = said.index("query:")
    assert said[start : start + 6] == [
        *("query:", "the encoder's", "final states", "attention", "weights", "(B, T), sum 1")
    ]
    arrows = [
        [int(x) for x in re.findall(r"\d+", x.attrib["d"])][:4]
        for x in svg.iter(f"{SVG}path")
    ]  # fmt: skip
    inwards, outwards = [(x1, x2) for x1, y1, x2, y2 in arrows if y1 == y2]
    assert inwards[0] > inwards[1] and outwards[0] < outwards[1]


def test_the_answer_by_task() -> None:
    assert "no or yes" in texts(parsed(network_svg(LAYERS, "binary", ("no", "yes"))))
    assert "any of 3 labels" in texts(parsed(network_svg(LAYERS, "multi-label", NAMES)))
    two = network_svg(LAYERS, "binary", NAMES[:2])
    assert '<script>&" or שלום' in texts(parsed(two))
    assert "<script>" not in two


def test_it_can_be_read_without_eyes_and_restyled() -> None:
    text = network_svg(LAYERS, "multi-class", NAMES)
    svg = parsed(text)
    assert svg.attrib["role"] == "img"
    described = svg.find(f"{SVG}desc")
    assert described is not None and "Encode 2: GRU, forwards" in (described.text or "")
    assert text.count("http:") == 1
    assert int(svg.attrib["width"]) <= 340
    found = set(re.findall(r"#[0-9a-f]{6}", re.sub(r"var\(--plot-\w+,#[0-9a-f]{6}\)", "", text)))
    assert found == set(), "no colour but the properties"


def test_alone_it_is_light_on_white_in_plain_colours() -> None:
    text = standalone(network_svg(LAYERS, "multi-class", NAMES))
    assert "var(" not in text
    assert set(re.findall(r"#[0-9a-f]{6}", text)) <= set(colours(LIGHT).values())
    assert parsed(text).attrib["font-family"]


def test_drawing_needs_neither_torch_nor_matplotlib() -> None:
    code = (
        "import sys, heedful.face.plots.graph\n"
        "assert not {'torch', 'matplotlib', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(ROOT / "src")})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two stacked layers."""
    place = tmp_path_factory.mktemp("graph") / "run"
    stacked = ("--encoder", "bigru", "--set", "layers=2", "--set", "train.steps=1")
    ran = heedful("train", "reviews:60:3", "--out", place, *TINY, *stacked)
    assert ran.code == 0, ran.err
    return place


def test_info_draws_the_network(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "net.svg"
    ran = heedful("info", run, "--graph", file, "--json", "-")
    assert ran.code == 0, ran.err
    layers = ran.json()["layers"]
    said = texts(parsed(file.read_text("utf-8")))
    assert "Encode 2" in said
    for layer in layers:
        assert f"{layer['parameters']:,} parameters" in said
    first = file.read_bytes()
    heedful("info", run, "--graph", file)
    assert file.read_bytes() == first


def test_another_kind_of_file_is_refused(run: Path, tmp_path: Path) -> None:
    said = heedful("info", run, "--graph", tmp_path / "net.png").refusal()
    assert "net.png" in said and ".svg" in said
    assert not list(tmp_path.iterdir())
