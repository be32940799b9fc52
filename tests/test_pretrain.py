"""Word vectors from texts without labels: what is learnt, what is not, and that it repeats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.metadata_routing import get_routing_for_object

from command_line import TINY, heedful
from heedful import TextClassifier, load
from heedful.config import Config, EvidenceConfig
from heedful.learn.checkpoint import Store
from heedful.learn.data import Data
from heedful.learn.evidence import evidence_logits, learn_evidence
from heedful.learn.fit import Saving, fit
from heedful.learn.pretraining import begin, check_start
from heedful.learn.subwords import subword_keys
from heedful.records import Example, HeedfulError
from heedful.settings import apply
from heedful.text import pretrain
from heedful.text.helper import Piece
from heedful.text.options import ReadOptions
from heedful.text.splits import WITHOUT_LABELS, choose_split
from heedful.text.vocab import RESERVED, UNK, Vocabulary, encode
from planted_words import ALL, TOKENIZER, learnt, planted, prepared, print_of_a_table
from small_training import BINARY, Notes, reviews, settings, weights

SRC = Path(__file__).parents[1] / "src"
# -- the vectors --------------------------------------------------------------------------

PROGRAM = "from planted_words import print_of_a_table; print(print_of_a_table())"


def test_the_same_bytes_in_a_fresh_process_with_another_order_of_sets() -> None:
    path = os.pathsep.join([str(SRC), str(Path(__file__).parent)])
    number = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    environment = {**os.environ, "PYTHONHASHSEED": number, "PYTHONPATH": path}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True
    )
    here = print_of_a_table()
    assert process.communicate()[0].strip() == here and len(here) == 64


def test_how_words_are_numbered_is_nothing_to_the_vectors() -> None:
    found = prepared(planted())
    back = np.arange(len(found.pool.words))[::-1]
    pool = Piece(found.pool.words[::-1], back.astype(np.int32)[found.pool.flat], found.pool.lengths)
    turned = replace(found, pool=pool, counts=found.counts[::-1])
    assert learnt(turned).table.tobytes() == learnt(found).table.tobytes()


def test_words_in_like_company_are_alike() -> None:
    found = prepared(planted())
    vectors = learnt(found)
    unit = vectors.table / np.linalg.norm(vectors.table, axis=1, keepdims=True).clip(1e-9)
    fig, date, mars = (unit[found.vocabulary.id(word)] for word in ("fig", "date", "mars"))
    assert fig @ date > 0.5 > fig @ mars + 0.2
    assert vectors.known[len(RESERVED) :].all() and not vectors.known[: len(RESERVED)].any()
    other = learnt(found, seed=1)
    assert (other.table[vectors.known] != vectors.table[vectors.known]).all()


def test_rare_words_start_at_random_and_a_line_is_told_for_each_pass() -> None:
    config = replace(ALL, min_count=2, passes=2)
    lines: list[str] = []
    found = prepared(["a b a b c"], config=config)
    vectors = pretrain.learn(found, 4, config, 0, lines.append)
    assert [found.vocabulary.token(i) for i in np.flatnonzero(vectors.known)] == ["a", "b"]
    assert vectors.coverage_tokens == pytest.approx(4 / 5)
    assert vectors.table[found.vocabulary.id("c")].any()
    assert [line.split(":")[0] for line in lines] == [f"word vectors, pass {i}/2" for i in (1, 2)]
    with pytest.raises(HeedfulError, match="no word of the vocabulary occurs pretrain.min_count=9"):
        learnt(found, replace(config, min_count=9))
    config = replace(config, more_words=0)
    with pytest.raises(HeedfulError, match="no word of the vocabulary occurs pretrain.min_count=2"):
        learnt(prepared(["a"], ["b b b"], config), config)


def test_every_long_text_is_read_whole_in_another_order_each_time() -> None:
    lengths = np.array([25_000, 0, 10_000, 3])
    flat = np.arange(lengths.sum(), dtype=np.int32)
    texts = pretrain._Texts(Piece([str(i) for i in flat], flat, lengths), 3)
    passes = [list(texts), list(texts)]
    assert [len(part) for part in passes] == [len(texts)] * 2 == [5, 5]
    assert max(map(len, passes[0])) == pretrain.LONGEST
    for part in passes:
        assert sorted(int(word) for text in part for word in text) == flat.tolist()
    assert passes[0] != passes[1]


# -- the vocabulary -----------------------------------------------------------------------


def test_which_words_come_into_the_vocabulary() -> None:
    labelled, more = ["b b a a a c d"], ["c d e e f f f", "g e f"]
    config = replace(ALL, min_count=1)
    own = prepared(labelled, [], config, min_frequency=2)
    assert own.vocabulary.tokens[4:] == ("a", "b") and own.own == 6
    found = prepared(labelled, more, config, min_frequency=2)
    # f 4, e 3; c and d once in each kind of text, together often enough; g is too rare
    assert found.vocabulary.tokens[4:] == ("a", "b", "f", "e", "c", "d") and found.own == 6
    assert found.encoded.ids.tolist() == [5, 5, 4, 4, 4, 8, 9]
    for least, most, expected in ((3, 9, "abfe"), (1, 1, "abf"), (1, 0, "ab")):
        limits = replace(config, min_count=least, more_words=most)
        got = prepared(labelled, more, limits, min_frequency=2).vocabulary
        assert "".join(got.tokens[4:]) == expected
    # the training texts' own words keep their places, and what had no room may come back
    assert prepared(labelled, more, config, vocabulary=5).vocabulary.tokens[4:6] == ("a", "f")
    assert prepared(["x x y y"], [], config, vocabulary=5).vocabulary.tokens[4:] == ("x",)


def test_ids_without_a_vector_of_their_own_are_not_handed_out() -> None:
    config = apply(Config(), {"model.words": 7, "text.min_frequency": 1, "pretrain.min_count": 1})
    notes = Notes()
    start = begin(["a b"], [], ["c d e"], TOKENIZER, config, notes, cached=False)
    assert start.vocabulary.tokens[4:] == ("a", "b", "c")
    config = apply(config, {"model.words": 6})
    start = begin(["a b"], [], ["c d e"], TOKENIZER, config, notes, cached=False)
    assert len(start.vocabulary) == start.own == 6
    assert "model.words=6 leaves no room" in notes.said[-1]


@pytest.mark.parametrize("subwords", [0, 4])
def test_evidence_is_what_it_was(subwords: int) -> None:
    """The same n-grams, weights and logits, whatever words the other texts bring."""
    labelled = ["good fine film", "good plot", "bad dull film", "bad plot indeed"] * 2
    labelled += ["rarely good", "seldom bad"]
    tested = ["rarely good whimsical film", "seldom whimsical bad", "whimsical plot rarely"]
    targets = np.array([1, 1, 0, 0] * 2 + [1, 0])
    config = EvidenceConfig(orders=3, subwords=subwords, min_texts=1, reach=2, borders=True)
    results = []
    for more in ([], ["whimsical rarely seldom", "whimsical rarely seldom"]):
        found = prepared(labelled, more, min_frequency=2)
        words = subword_keys(Vocabulary(found.vocabulary.tokens[4 : found.own]), subwords)
        evidence, _ = learn_evidence(Data(found.encoded, targets), None, words, "binary", 2, config)
        ids = encode(tested, TOKENIZER, found.vocabulary, None, "first")
        results.append((weights(evidence), evidence_logits(evidence, ids).tobytes(), ids.ids))
    assert results[0][:2] == results[1][:2]
    assert (results[0][2] == UNK).any() and (results[1][2] != UNK).all()


# -- training -----------------------------------------------------------------------------

PRETRAINED = {
    "pretrain.objective": "skip-gram",
    "pretrain.min_count": 1,
    "pretrain.sample": 0.0,
    "text.min_frequency": 1,
}
SMALL = {
    "model.embedding": 8,
    "model.hidden": 8,
    "model.attention_width": 4,
    "train.threads": 1,
    "evidence.orders": 0,
    "pretrain.on_training": False,
}


def classifier(**more: object) -> TextClassifier:
    epochs = {"train.epochs": 1, "train.validation": 0.2}
    return TextClassifier(settings=SMALL | PRETRAINED | epochs | more)


def labelled_reviews() -> tuple[list[str], list[str]]:
    examples = reviews(20)
    return [e.text for e in examples], [e.labels[0] for e in examples]


def test_words_of_other_texts_mean_something_to_the_classifier(tmp_path: Path) -> None:
    texts, names = labelled_reviews()
    more = ["a superlative film , truly moving"] * 4
    plain, knowing = classifier().fit(texts, names), classifier().fit(texts, names, more)
    assert plain.model_.predict(["superlative"])[0].unknown == 1
    assert knowing.model_.predict(["superlative"])[0].unknown == 0
    asked = ["a superlative film", "a zzz film"]
    assert np.ptp(plain.predict_proba(asked)[:, 0]) == 0
    assert np.ptp(knowing.predict_proba(asked)[:, 0]) > 0
    knowing.save(tmp_path / "run")
    again = load(tmp_path / "run")
    assert again.predict_proba(asked).tobytes() == knowing.predict_proba(asked).tobytes()
    assert "pretrain.sample" in again.settings


def test_training_texts_alone() -> None:
    texts, names = labelled_reviews()
    plain, pretrained = (
        classifier(**{"pretrain.on_training": on, "train.learning_rate": 0.0}).fit(texts, names)
        for on in (False, True)
    )
    assert plain.model_.vocabulary == pretrained.model_.vocabulary
    first, second = (m.model_.network.embed.table.weight for m in (plain, pretrained))
    assert (first != second).any(dim=1).sum() >= len(first) - 1  # all but the padding


def test_scikit_learn_hands_it_on() -> None:
    texts, names = labelled_reviews()
    request = get_routing_for_object(TextClassifier()).fit.requests
    assert request == {"unlabelled": None}
    steps = [("same", FunctionTransformer()), ("model", classifier())]
    pipe = Pipeline(steps).fit(texts, names, model__unlabelled=["a superlative film"] * 2)
    assert "superlative" in pipe["model"].model_.vocabulary
    with pytest.raises(HeedfulError, match="expected several texts, got one string"):
        classifier().fit(texts, names, unlabelled="one text")


def test_resuming_learns_no_vectors_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples, more = reviews(40), [e.text for e in reviews(20, seed=9)]
    named = {k.replace(".", "__"): v for k, v in PRETRAINED.items()}
    config = settings(epochs=2, batch_size=8, **named)

    def trained(folder: Path, listener: Notes, *, resume: bool = False):
        saving = Saving(Store(folder), resume)
        return fit(examples[:32], examples[32:], BINARY, config, saving, listener, more)

    class PowerCut(Notes):
        def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
            if epoch == 2:
                raise RuntimeError("power cut")

    whole = trained(tmp_path / "a", Notes())
    with pytest.raises(RuntimeError, match="power cut"):
        trained(tmp_path / "b", PowerCut())
    monkeypatch.setattr(pretrain, "learn", lambda *_: pytest.fail("learnt again"))
    resumed = trained(tmp_path / "b", Notes(), resume=True)
    assert weights(resumed.model.network) == weights(whole.model.network)
    assert resumed.model.vocabulary == whole.model.vocabulary
    assert resumed.pretraining == whole.pretraining and whole.pretraining.unlabelled == 20


# -- refusals -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"objective": "cbow"}, "pretrain.objective cannot be 'cbow'; it takes one of svd, "),
        ({"pretrain.passes": 0}, "pretrain.passes is 0; it must be"),
        ({"context": 0}, "pretrain.context is 0"),
        ({"negative": 0}, "pretrain.negative is 0"),
        ({"sample": 2}, "pretrain.sample is 2.0; it must be from 0 to 1"),
        ({"min_count": 0}, "pretrain.min_count is 0"),
        ({"rate": 0}, "pretrain.rate is 0.0"),
        ({"more_words": -1}, "pretrain.more_words is -1"),
        ({"on_training": True, "objective": "none"}, "on_training=true does nothing with pretrain"),
        ({"on_training": True, "encoder": "none", "orders": 1}, "with model.encoder=none, which"),
        ({"on_training": True, "vectors": "a.txt"}, "both say where the word vectors come from"),
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(HeedfulError) as error:
        apply(Config(), wrong)
    assert words in str(error.value)


def test_without_gensim_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gensim", None)
    command = ("train", "reviews:20:1", "--out", tmp_path / "run", *TINY)
    asked = ("--unlabelled", "reviews:20:2", "--set", "objective=skip-gram")
    refusal = heedful(*command, *asked).refusal()
    assert refusal.endswith("not installed: pip install 'heedful[vectors]'")
    assert not (tmp_path / "run").exists()
    check_start(Config(), unlabelled=False)  # who does not ask for it needs none


# -- the command --------------------------------------------------------------------------


def test_rows_without_labels_are_preferred_and_test_rows_avoided() -> None:
    options = ReadOptions(usual_split=WITHOUT_LABELS)
    for splits, expected in (
        (["train", "unsup", "test"], "unsup"),
        (["train", "unlabelled", "test"], "unlabelled"),
        (["train", "test"], "train"),
        (["test"], None),
        (["", "test"], None),
    ):
        assert choose_split(options, splits).split == expected


def test_the_command_from_files_to_the_card(tmp_path: Path) -> None:
    valid = reviews(12, seed=3)
    rows = [{"text": e.text, "label": e.labels[0]} for e in valid]
    (tmp_path / "valid.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "more.tsv").write_text(
        "id\ttext\n" + "".join(f"{i}\ta superlative film {i}\n" for i in range(5))
        + f"9\t{valid[0].text.upper()}\n"
    )  # fmt: skip
    others = [f"a superlative plot {i}" for i in range(4)]
    (tmp_path / "other.csv").write_text("\n".join(["text,split", *(f"{t},unsup" for t in others)]))
    files = [part for name in ("more.tsv", "other.csv") for part in ("--unlabelled", name)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        ran = heedful(
            *("train", "reviews:20:1", "--valid", "valid.jsonl", "--out", "run", *files, *TINY),
            *("--no-baseline", "--set", "passes=2", "--set", "objective=skip-gram"),
        )
    assert ran.code == 0, ran.err
    assert "1 of 10 texts without labels stand in the validation data and are left out" in ran.err
    assert "word vectors from 20 training texts and 9 without labels: " in ran.err
    assert "word vectors, pass 2/2: " in ran.err and "vectors of width 8 for " in ran.err
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert config["data"]["unlabelled_files"] == ["more.tsv", "other.csv"]
    assert config["data"]["unlabelled_rows"] == 10 and config["pretrain"]["passes"] == 2
    learnt = config["pretraining"]
    assert (learnt["texts"], learnt["unlabelled"], learnt["left_out"]) == (20, 9, 1)
    card = (tmp_path / "run/README.md").read_text()
    assert "from the 20 texts to train on and 9 of `more.tsv`, `other.csv`: " in card
    assert "- 1 more of these, which stand in the validation data, were not used" in card
    predicted = heedful("predict", tmp_path / "run", "superlative").lines()
    assert predicted[0]["unknown"] == 0


def test_use_that_would_have_none_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    command = ("train", "absent.csv", "--unlabelled", "absent.csv", "--out", tmp_path / "run")
    refusal = heedful(*command, "--preset", "fast").refusal()
    assert "(--unlabelled) does nothing with model.encoder=none" in refusal
    assert "both say where" in heedful(*command, "--vectors", "a.txt").refusal()
    assert "objective=none" in heedful(*command, "--set", "objective=none").refusal()
    assert Example("a", (), "x", 1).labels == ()
