"""Whatever is fed to the readers gives a corpus or a HeedfulError of one line, nothing else."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heedful.records import HeedfulError
from heedful.text.corpus import Corpus, ReadOptions, read, stream
from malformed_cases import CASES, CSV, JSONL, TSV, Build
from thorough import examples

LOOSE = settings(
    max_examples=examples(80),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def attempt(path: Path, options: ReadOptions) -> Corpus | HeedfulError:
    """The corpus or the error; any other exception fails the test by itself."""
    try:
        corpus = read([path], options)
    except HeedfulError as error:
        message = str(error)
        assert message and "\n" not in message and "\r" not in message, message
        assert len(message) < 1200
        message.encode("utf-8")
        return error
    for example in corpus.examples:
        assert example.text.strip()
        assert "\0" not in example.text
        assert example.source and example.row >= 1
        example.text.encode("utf-8")
    for bad in corpus.bad_rows:
        assert bad.reason and "\n" not in bad.reason and bad.row >= 1
        bad.reason.encode("utf-8")
    return corpus


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 200
    assert len({name for name, _, _ in CASES}) == len(CASES)


@pytest.mark.parametrize(
    ("build", "expectation"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_malformed_input_is_refused_or_read(
    build: Build, expectation: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = build(tmp_path)
    result = attempt(path, ReadOptions())
    found = "error" if isinstance(result, HeedfulError) else "ok"
    assert found == expectation, result
    attempt(path, ReadOptions(labelled=False))
    assert "must not be printed" not in capsys.readouterr().out


NAMES = st.sampled_from(
    ["a.csv", "a.tsv", "a.jsonl", "a.txt", "a.parquet", "a.npz", "a", "a.csv.gz"]
)
FRAGMENTS = st.sampled_from(
    [
        '"',
        '""',
        '\\"',
        ",",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\0",
        "\ufeff",
        "text",
        "label",
        "a",
        "é",
        "1",
        "-1",
        "NaN",
        "{",
        "}",
        "[",
        ":",
        '"text":',
        "\x85",
        "\u2028",
        "\\",
        ";",
        "|",
        " ",
    ]
)


@LOOSE
@given(name=NAMES, data=st.binary(max_size=400))
def test_random_bytes(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        attempt(path, ReadOptions())
        attempt(path, ReadOptions(labelled=False))


@LOOSE
@given(
    good=st.sampled_from([CSV, TSV, JSONL]),
    name=NAMES,
    edits=st.lists(st.tuples(st.integers(0, 200), FRAGMENTS, st.integers(0, 4)), max_size=12),
    encoding=st.sampled_from(["utf-8", "utf-16", "cp1252"]),
)
def test_mangled_tables(
    good: str, name: str, edits: list[tuple[int, str, int]], encoding: str
) -> None:
    for place, fragment, dropped in edits:
        good = good[:place] + fragment + good[place + dropped :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(good.encode(encoding, "replace"))
        result = attempt(path, ReadOptions())
        if isinstance(result, Corpus):
            items = list(stream([path], ReadOptions()))
            read_too = [e for e in items if e in set(result.examples)]
            assert tuple(read_too) == result.examples
            assert len(items) >= len(result.examples) + len(result.bad_rows)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@LOOSE
@given(rows=st.lists(st.tuples(JSON_VALUES, JSON_VALUES), min_size=1, max_size=8))
def test_json_lines_of_anything(rows: list[tuple[object, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
        path.write_text("\n".join(lines) + "\n")
        result = attempt(path, ReadOptions())
        if isinstance(result, Corpus):
            unlabelled = len(rows) - len(result.examples) - len(result.bad_rows)
            assert unlabelled >= 0
            items = list(stream([path], ReadOptions(labelled=False)))
            assert [item.row for item in items] == list(range(1, len(rows) + 1))
