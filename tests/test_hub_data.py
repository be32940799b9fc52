"""Data of Hugging Face: `hf://datasets/...` from a server on loopback, saved folders, objects."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from command_line import heedful
from heedful import HeedfulError, TextClassifier, read
from heedful.learn.folder import save_model
from heedful.text.corpus import ReadOptions, stream
from heedful.text.features import names_in, names_on_card
from heedful.text.hub import Repository, fetch
from heedful.text.hub_layout import configs_of
from heedful.text.pairs import read_pairs
from made_hub import Place, place
from made_models import fitted, random_model
from small_training import quick_classifier

__all__ = ["place"]  # a fixture
NEEDS = pytest.mark.skipif(
    importlib.util.find_spec("datasets") is None, reason="the extra datasets is not installed"
)
TEXTS, NUMBERS = ["good film", "bad film", "no label", "fine"], [1, 0, -1, 1]
FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
}
CARD = """---
configs:
- config_name: one
  data_files:
  - split: train
    path: one/part-*
  - split: test
    path: one/held.jsonl
- config_name: two
  data_files: two.csv
dataset_info:
- config_name: one
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': neg
          '1': pos
  - name: topics
    sequence:
      class_label:
        names:
          '0': a
          '1': b
---
# A data set
"""


def parquet(path: Path, texts: list[str], labels: list[Any], features: Any = FEATURES) -> bytes:
    """A file as Hugging Face's library writes it: with the features in its footer."""
    told = {"huggingface": json.dumps({"info": {"features": features}})}
    pl.DataFrame({"text": texts, "label": labels}).write_parquet(path, metadata=told)
    return path.read_bytes()


def pairs_of(corpus: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(example.text, example.labels) for example in corpus.examples]


@pytest.fixture
def reviews(place: Place, tmp_path: Path) -> Place:
    first = parquet(tmp_path / "a.parquet", TEXTS[:2], NUMBERS[:2])
    second = parquet(tmp_path / "b.parquet", TEXTS[2:], NUMBERS[2:])
    test = parquet(tmp_path / "c.parquet", ["awful", "great"], [0, 1])
    files = {
        "data/train-00000-of-00002.parquet": first,
        "data/train-00001-of-00002.parquet": second,
        "data/test-00000-of-00001.parquet": test,
        "README.md": b"# no header",
        "dataset_infos.json": b"{}",
        "reviews.py": b"raise SystemExit('code of a data set was run')",
    }
    place.hub.add("datasets/us/reviews", files)
    return place


NAME = "hf://datasets/us/reviews"


def test_pieces_are_one_split_and_classes_have_their_names(reviews: Place) -> None:
    corpus = read(f"{NAME}/train")
    expected = [("good film", ("pos",)), ("bad film", ("neg",)), ("fine", ("pos",))]
    assert pairs_of(corpus) == expected
    assert [e.row for e in corpus.examples] == [1, 2, 4]
    assert {e.source for e in corpus.examples} == {"us/reviews/train"}
    assert any("1 unlabelled rows" in note for note in corpus.notes)
    fetched = {path.name for path in reviews.cache.rglob("snapshots/*/**/*") if path.is_file()}
    assert "reviews.py" not in fetched


def test_commands_take_the_split_that_is_theirs(reviews: Place) -> None:
    train = read(NAME, ReadOptions(usual_split="train"))
    assert [e.text for e in train.examples] == ["good film", "bad film", "fine"]
    assert any("only split train is used, of train, test" in note for note in train.notes)
    fetched = [path.name for path in reviews.cache.rglob("snapshots/*/data/*")]
    assert fetched and not any("test" in name for name in fetched), "only what is wanted"
    assert len(read(NAME).examples) == 5
    assert len(read(NAME, ReadOptions(split="test")).examples) == 2
    with pytest.raises(HeedfulError, match="no split 'valid'; it has train, test"):
        read(NAME, ReadOptions(split="valid"))
    held = f"{NAME}/data/test-00000-of-00001.parquet"
    assert [e.labels for e in read(held).examples] == [("neg",), ("pos",)]
    assert len(read(f"{NAME}/data").examples) == 5
    with pytest.raises(HeedfulError, match="has no 'validation'; it has the splits train, test"):
        read(f"{NAME}/validation")


def test_a_revision_is_pinned_and_the_cache_answers_offline(reviews: Place, tmp_path: Path) -> None:
    repo = reviews.hub.repos["datasets/us/reviews"]
    first = repo.refs["main"]
    test = parquet(tmp_path / "d.parquet", ["new"] * 3, [0, 1, 1])
    repo.commit({"data/test-00000-of-00001.parquet": test})
    assert len(read(f"{NAME}/test").examples) == 3
    assert len(read(f"{NAME}@{first}/test").examples) == 2
    reviews.offline()
    asked = len(reviews.hub.asked)
    assert len(read(f"{NAME}/test").examples) == 3
    assert len(read(f"{NAME}@{first}/test").examples) == 2
    assert len(reviews.hub.asked) == asked
    with pytest.raises(HeedfulError, match="not in the cache as a whole"):
        read("hf://datasets/us/other")


def test_a_card_tells_files_configurations_and_names(place: Place) -> None:
    rows = [{"text": "x", "label": 0, "topics": [0, 1]}, {"text": "y", "label": 1, "topics": [1]}]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    files = {
        "README.md": CARD.encode(),
        "one/part-1.jsonl.gz": gzip.compress(lines),
        "one/part-2.jsonl": lines,
        "one/held.jsonl": lines,
        "two.csv": b"text,label\nz,0\nq,1\n",
    }
    place.hub.add("datasets/us/both", files)
    with pytest.raises(HeedfulError, match="several configurations: one, two"):
        read("hf://datasets/us/both")
    train = read("hf://datasets/us/both/one/train")
    assert [e.labels for e in train.examples] == [("neg",), ("pos",)] * 2
    topics = read("hf://datasets/us/both/one/test", ReadOptions(label="topics"))
    assert [e.labels for e in topics.examples] == [("a", "b"), ("b",)]
    assert [e.labels for e in read("hf://datasets/us/both/two").examples] == [("0",), ("1",)]


def header(*configs: str) -> bytes:
    return "\n".join(["---", "configs:", *configs, "---", ""]).encode()


CSV = b"text,label\na,0\nb,1\n"
ONE_DIR = ("- config_name: a", "  data_dir: a", "- config_name: b", "  data_dir: ./b/")
STARS = (
    "- config_name: default", "  data_files:", "  - split: train", "    path: '**/tr[!x]*.csv'",
    "  - split: test", "    path: ./held.csv",
)  # fmt: skip
TWO = ("- config_name: a", "  data_files: a.csv", "- config_name: b", "  data_files: b.csv")


@pytest.mark.parametrize(
    ("told", "names", "expected"),
    [
        (ONE_DIR, ["a/train.csv", "b/train.csv"], {"a": ["a/train.csv"], "b": ["b/train.csv"]}),
        (STARS, ["train.csv", "x/tree.csv", "trx.csv", "held.csv"],
         {"default": ["train.csv", "x/tree.csv", "held.csv"]}),
        (("- config_name: c", "  data_files: d/*.csv"), ["d/a.csv", "d/e/b.csv"],
         {"c": ["d/a.csv"]}),
        ((), ["a.csv", "b.csv"], {"": ["a.csv", "b.csv"]}),
    ],
)  # fmt: skip
def test_the_header_of_a_card_tells_which_files_are_which(told, names, expected) -> None:
    card = yaml.safe_load(header(*told).decode().split("---")[1])
    found = configs_of(card, names, apart=False)
    assert {c: [f for of in splits.values() for f in of] for c, splits in found.items()} == expected


def test_a_configuration_is_never_guessed(place: Place) -> None:
    files = {"a.csv": CSV, "b.csv": CSV}
    place.hub.add("datasets/us/two", files | {"README.md": header(*TWO)})
    for name in ("hf://datasets/us/two", "hf://datasets/us/two/train"):
        with pytest.raises(HeedfulError, match="several configurations: a, b"):
            read(name)
    place.hub.add("datasets/us/usual", files | {"README.md": header(*TWO, "  default: true")})
    assert {e.source for e in read("hf://datasets/us/usual").examples} == {"us/usual/train"}
    assert len(read("hf://datasets/us/usual/train").examples) == 2


def test_the_hubs_own_branch_has_a_folder_a_configuration(place: Place) -> None:
    place.hub.add("datasets/us/made", {})
    tables = {"en/train/0000.csv": CSV, "test/train/0000.csv": CSV}
    place.hub.repos["datasets/us/made"].commit(tables, "refs/convert/parquet")
    name = "hf://datasets/us/made@refs/convert/parquet"
    with pytest.raises(HeedfulError, match="several configurations: en, test"):
        read(name)
    assert len(read(f"{name}/en").examples) == 2
    assert len(read(f"{name}/test/train").examples) == 2


def test_half_a_split_in_the_cache_is_not_taken_for_all_of_it(reviews: Place) -> None:
    def cut_off(wanted: Repository, files: list[str]) -> Path:
        return fetch(wanted, files[:1])  # killed after the first of two

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heedful.text.hub_data.fetch", cut_off)
        with pytest.raises(HeedfulError, match="train-00001-of-00002.parquet would be needed"):
            read(f"{NAME}/train")
    reviews.offline()
    with pytest.raises(HeedfulError, match="not in the cache as a whole"):
        read(f"{NAME}/train")
    with pytest.raises(HeedfulError, match="not in the cache as a whole"):
        read(f"{NAME}/test")


def test_files_of_no_split_are_named_and_a_damaged_header_tells_nothing(place: Place) -> None:
    files = {"train.csv": CSV, "more.csv": CSV, "README.md": b"---\nconfigs: [\n---\n"}
    place.hub.add("datasets/us/odd", files)
    corpus = read("hf://datasets/us/odd")
    assert len(corpus.examples) == 2
    assert any("left out, as no split is in their names: more.csv" in n for n in corpus.notes)


def test_a_number_without_a_name_is_a_bad_row(tmp_path: Path) -> None:
    parquet(tmp_path / "x.parquet", ["a", "b", "c"], [0, 1, 7])
    corpus = read(tmp_path / "x.parquet")
    assert [e.labels for e in corpus.examples] == [("neg",), ("pos",)]
    assert "only 2 classes are named" in corpus.bad_rows[0].reason and corpus.bad_rows[0].row == 3


def test_features_in_odd_forms_name_nothing() -> None:
    nested = {"x": {"_type": "Sequence", "feature": {"_type": "ClassLabel", "names": ["a"]}}}
    assert names_in(nested) == {"x": ("a",)}
    assert names_in({"x": {"_type": "ClassLabel", "names": 3}, "y": None}) == {}
    assert names_in([1]) == {}
    assert names_on_card("odd", None) == {} and names_on_card([{"features": [3]}], None) == {}


def test_commands_take_names_of_the_hub(reviews: Place, tmp_path: Path) -> None:
    ran = heedful("check", NAME, "--json", "-")
    assert ran.code == 0, ran.err
    assert "only split" in ran.err or "all splits are used" in ran.err
    save_model(random_model(), tmp_path / "run")
    out = tmp_path / "out.jsonl"
    ran = heedful("predict", tmp_path / "run", "--input", f"{NAME}/test", "--output", out)
    assert ran.code == 0, ran.err
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["text"] for row in rows] == ["awful", "great"]
    said = heedful("check", "hf://datasets/us/nothing").refusal()
    assert "does not exist, or is private" in said


def test_a_repository_without_tables_names_the_branch_that_may_have_them(place: Place) -> None:
    place.hub.add("datasets/us/code", {"code.py": b"", "README.md": b""})
    with pytest.raises(HeedfulError, match="@refs/convert/parquet"):
        read("hf://datasets/us/code")


def test_pairs_come_from_one_file(place: Place) -> None:
    files = {"pairs.csv": b"en,es\nhi,hola\nbye,adios\n", "more.csv": b"en,es\na,b\n"}
    place.hub.add("datasets/us/pairs", files)
    found = read_pairs("hf://datasets/us/pairs/pairs.csv", "en", "es")
    assert [(p.source, p.target) for p in found.pairs] == [("hi", "hola"), ("bye", "adios")]
    with pytest.raises(HeedfulError, match="is 2 files"):
        read_pairs("hf://datasets/us/pairs", "en", "es")


# -- objects and folders of the library -------------------------------------------------------


def made(texts: list[str] = TEXTS, labels: list[Any] = NUMBERS) -> Any:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    return Dataset.from_dict({"text": texts, "label": labels}, features=features)


@NEEDS
def test_a_saved_folder_is_data(tmp_path: Path) -> None:
    from datasets import DatasetDict

    expected = [("good film", ("pos",)), ("bad film", ("neg",)), ("fine", ("pos",))]
    made().save_to_disk(tmp_path / "one", num_shards=2)
    assert pairs_of(read(tmp_path / "one")) == expected
    both = DatasetDict({"train": made(), "test": made(["awful", "great"], [0, 1])})
    both.save_to_disk(tmp_path / "both")
    assert pairs_of(read(tmp_path / "both", ReadOptions(usual_split="train"))) == expected
    assert len(list(stream(tmp_path / "both"))) == 6
    assert len(read(tmp_path / "both", ReadOptions(split="test")).examples) == 2
    (tmp_path / "one" / "data-00000-of-00002.arrow").write_bytes(b"damaged")
    with pytest.raises(HeedfulError, match="damaged Arrow file"):
        read(tmp_path / "one")
    (tmp_path / "one" / "state.json").write_text('{"_data_files": [{"filename": "../x"}]}')
    with pytest.raises(HeedfulError, match="names no files"):
        read(tmp_path / "one")


@NEEDS
def test_parquet_of_the_library_itself_has_names(tmp_path: Path) -> None:
    made().to_parquet(str(tmp_path / "x.parquet"))
    assert {e.labels for e in read(tmp_path / "x.parquet").examples} == {("neg",), ("pos",)}


@NEEDS
def test_objects_are_read() -> None:
    from datasets import Dataset, DatasetDict

    assert pairs_of(read(made())) == [
        ("good film", ("pos",)), ("bad film", ("neg",)), ("fine", ("pos",)),
    ]  # fmt: skip
    both = DatasetDict({"train": made(), "test": made(["awful"], [0])})
    assert len(read(both, ReadOptions(usual_split="train")).examples) == 3
    odd = made().with_format("numpy").filter(lambda row: row["label"] != -1)
    assert len(read(odd).examples) == 3
    unnamed = Dataset.from_dict({"": ["a b", "c d"], "label": ["x", "y"]})
    assert pairs_of(read(unnamed)) == [("a b", ("x",)), ("c d", ("y",))]
    with pytest.raises(HeedfulError, match="no splits"):
        read(DatasetDict({}))
    with pytest.raises(HeedfulError, match=r"the columns are n; pass its columns, for example"):
        fitted(random_model()).predict(Dataset.from_dict({"n": [1, 2]}))


@NEEDS
@pytest.mark.slow
def test_a_classifier_takes_data_sets_and_their_columns() -> None:
    from datasets import DatasetDict

    texts, labels = ["good film", "bad film"] * 8, [1, 0] * 8
    data = made(texts, labels)
    whole = quick_classifier().fit(DatasetDict({"train": data, "test": made()}))
    assert whole.classes_.tolist() == ["neg", "pos"]
    columns = quick_classifier().fit(data["text"], data["label"])
    assert columns.classes_.tolist() == [0, 1]
    expected = columns.predict_proba(texts)
    np.testing.assert_array_equal(whole.predict_proba(data), expected)
    assert whole.score(data) == columns.score(data["text"], data["label"])
    with pytest.raises(HeedfulError, match="row 3: the label is missing"):
        whole.score(made())
    with pytest.raises(HeedfulError, match="splits train, test; choose one"):
        whole.predict(DatasetDict({"train": data, "test": data}))
    with pytest.raises(HeedfulError, match=r"streamed data set \(IterableDataset\)"):
        whole.predict(data.to_iterable_dataset())
    with pytest.raises(HeedfulError, match="streamed"):
        TextClassifier().fit(data.to_iterable_dataset())
    with pytest.raises(HeedfulError, match="no labels; give y"):
        TextClassifier().fit(texts)
