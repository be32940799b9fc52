"""The corpus seen as a whole: hand-solved sums, laws, planted words, two runs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from heedful.config import Config
from heedful.explain.attribute import explain_examples
from heedful.explain.carriers import Limits, class_view, names_of_units, parts_of
from heedful.explain.corpus_records import Snippet
from heedful.explain.corpus_view import (
    corpus_view,
    positions_of,
    read_corpus,
    shares_of,
    usual_min_texts,
)
from heedful.explain.phrases import find_phrases, joined
from heedful.explain.tally import Tally
from heedful.learn.folder import load_model
from heedful.learn.model import TextModel
from heedful.nn.classify import Classifier, Scored
from heedful.records import Example, HeedfulError
from heedful.settings import apply
from heedful.text.generate.reviews import generate
from heedful.text.labels import Labels
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import Vocabulary
from small_training import BINARY, TINY

TEXTS = ["not good . bad film", "good film", "not good", "bad bad"]


def made(texts: list[str], labels: Labels = BINARY, **settings: object) -> TextModel:
    """An untrained model that knows the words of some texts."""
    config = apply(Config(), TINY | settings)
    tokenizer = Tokenizer(config.text)
    vocabulary = Vocabulary(sorted({word for text in texts for word in tokenizer.words(text)}))
    torch.manual_seed(0)
    network = Classifier(config.model, len(vocabulary), 1 if labels.task == "binary" else 3)
    return TextModel(config, labels, vocabulary, tokenizer, network)


def tallied(
    values: list[list[float]], model: TextModel, texts: list[str] = TEXTS, min_texts: int = 1
) -> Tally:
    """A tally of contributions given by hand (one logit), the attention 1 / length."""
    encoded = model.encode(texts)
    phrases = find_phrases(encoded, joined(model, texts, encoded), min_texts)
    width = max(map(len, values)) + 2  # more padding than needed
    shares, weights = torch.zeros(len(values), width, 1), torch.zeros(len(values), width)
    for row, one in enumerate(values):
        shares[row, : len(one), 0] = torch.tensor(one)
        weights[row, : len(one)] = 1 / len(one)
    logits = shares.sum(dim=1)
    tally = Tally(encoded, texts, len(model.vocabulary), phrases)
    tally.add(
        np.arange(len(values)),
        Scored(logits, weights, shares, torch.zeros(1), torch.zeros_like(logits)),
    )
    return tally


VALUES = [[-0.5, -0.25, 0.0, -1.0, 0.125], [0.5, 0.25], [-0.75, -0.25], [-0.5, -0.25]]


def test_sums_of_words_and_phrases_by_hand() -> None:
    model = made(TEXTS)
    tally = tallied(VALUES, model)
    unit = {
        name: i for i, name in enumerate(names_of_units(model.vocabulary.tokens, tally.phrases))
    }
    # "good . bad" is no phrase: a mark stands between
    assert {name for name in unit if " " in name} == {
        "not good", "bad film", "good film", "bad bad"
    }  # fmt: skip
    way = tally.ways[0]
    expected = {
        "not": (-1.25, 2, 2), "good": (0.0, 3, 3), "bad": (-1.75, 3, 2), "film": (0.375, 2, 2),
        "not good": (-1.75, 2, 2), "bad film": (-0.875, 1, 1), "good film": (0.75, 1, 1),
        "bad bad": (-0.75, 1, 1), ".": (0.0, 1, 1),
    }  # fmt: skip
    for name, (total, occurrences, texts) in expected.items():
        i = unit[name]
        assert way.total[i] == pytest.approx(total), name
        assert (tally.occurrences[i], tally.texts[i]) == (occurrences, texts), name
    good = unit["good"]
    assert (way.pro[good], way.pro_count[good]) == (0.5, 1)
    assert (way.con[good], way.con_count[good]) == (-0.5, 2)
    assert way.squares[good] == pytest.approx(0.25 + 2 * 0.0625)
    assert way.best[:, good].max() == 0.5 and way.worst[:, good].min() == -0.25
    other = way.mirrored()
    assert (other.pro[good], other.pro_count[good]) == (0.5, 2)
    assert (other.con[good], other.con_count[good]) == (-0.5, 1)
    assert (other.best[:, good].max(), other.worst[:, good].min()) == (0.25, -0.5)
    assert tally.encoded.ids[way.best_at[:, good].max()] == good
    parts = parts_of(way.total / np.maximum(tally.occurrences, 1), tally)
    assert parts[unit["not good"]] == pytest.approx(-0.625 + 0.0)
    assert parts[unit["bad film"]] == pytest.approx(-1.75 / 3 + 0.1875)


def test_a_triple_is_compared_with_its_best_parts() -> None:
    texts = ["a b c", "a b", "b c", "c"]
    model = made(texts)
    tally = tallied([[1.0, 1.0, 4.0], [2.0, 1.0], [0.0, 0.0], [0.5]], model, texts)
    mean = tally.ways[0].total / tally.occurrences.clip(1)
    parts = parts_of(mean, tally)
    # a 1.5, b 2/3, c 1.5; "a b" 2.5, "b c" 2.5
    assert parts[-1] == pytest.approx(max(1.5 + 2 / 3 + 1.5, 2.5 + 1.5, 1.5 + 2.5))
    assert mean[-1] == 6


def nowhere(place: int, unit: int, value: float) -> Snippet:
    return Snippet("here", place, "", str(unit), "", value)


def test_the_rules_of_the_lists() -> None:
    """A phrase with more to say than its words is listed, one without is not."""
    texts = [f"not good end{i}" for i in range(6)] + [f"good film end{i}" for i in range(6)]
    texts += ["lucky", "dull dull"]
    values = [[-0.5, -0.5, 0.0], *[[-0.5, -0.4 - 0.01 * i, 0.0] for i in range(5)]]
    values += [[0.5 + 0.01 * i, 0.25, 0.0] for i in range(6)] + [[2.0], [0.3, -0.3]]
    model = made(texts)
    tally = tallied(values, model, texts, min_texts=5)
    names = names_of_units(model.vocabulary.tokens, tally.phrases)
    yes = tally.logits[:, 0] > 0
    against = class_view(tally, tally.ways[0].mirrored(), ~yes, names, nowhere, Limits(10, 5))
    assert [w.text for w in against.words] == ["not"]
    assert [p.text for p in against.phrases] == ["not good"]
    found = against.phrases[0]
    assert found.parts == pytest.approx(0.5 - (6 * 0.525 - 0.5 - 2.1) / 12)
    assert found.mean == pytest.approx((6 * 0.5 + 0.5 + 2.1) / 6)
    assert found.strength == pytest.approx((found.mean - found.parts) * math.log(7))
    assert found.decided == 1 and found.share == pytest.approx(6 / 7)  # "dull dull" is against
    support = class_view(tally, tally.ways[0], yes, names, nowhere, Limits(10, 5))
    assert [w.text for w in support.words] == ["film", "good"], "one text of luck is not enough"
    assert support.words[0].strength == pytest.approx(0.25 * math.log(7))
    assert [w.text for w in support.against] == ["not"]
    assert [w.text for w in support.both_ways] == ["good"]
    both = support.both_ways[0]
    assert (both.pro, both.con) == (6, 6)
    assert both.pro_mean == pytest.approx(0.525) and both.con_mean == pytest.approx(-2.6 / 6)
    assert [p.text for p in support.phrases] == ["good film"], "here good pulls the other way"
    assert (
        class_view(tally, tally.ways[0], yes, names, nowhere, Limits(1, 5)).words
        == (support.words[:1])
    )


def test_a_phrase_that_says_what_its_words_say_is_not_listed() -> None:
    texts = [f"good film end{i}" for i in range(8)]
    model = made(texts)
    values = [[0.5 + 0.01 * i, 0.25 - 0.01 * i, 0.0] for i in range(8)]
    tally = tallied(values, model, texts, min_texts=5)
    names = names_of_units(model.vocabulary.tokens, tally.phrases)
    yes = tally.logits[:, 0] > 0
    found = class_view(tally, tally.ways[0], yes, names, nowhere, Limits(10, 5))
    assert [w.text for w in found.words] == ["good", "film"] and found.phrases == ()
    # A surplus that rests on one of eight places is less than three standard errors.
    extra = [f"film end{i}" for i in range(8)]
    model = made(texts + extra)
    values = [[0.5, 0.0 if i else 2.0, 0.0] for i in range(8)] + [[0.0, 0.0]] * 8
    tally = tallied(values, model, texts + extra, min_texts=5)
    names = names_of_units(model.vocabulary.tokens, tally.phrases)
    yes = tally.logits[:, 0] > 0
    assert class_view(tally, tally.ways[0], yes, names, nowhere, Limits(10, 5)).phrases == ()


def test_clauses_end_at_marks_breaks_and_cuts() -> None:
    texts = ["a b. c\nd", "a<br />b", "a, b", "a\n\nb", "a  b"]
    for punctuation in (True, False):
        model = made(texts, **{"text.punctuation": punctuation})
        encoded = model.encode(texts)
        found = joined(model, texts, encoded)
        words = [model.vocabulary.token(int(i)) for i in encoded.ids]
        pairs = [f"{words[i]} {words[i + 1]}" for i in np.flatnonzero(found)]
        assert pairs == ["a b", "c d", "a b"]
    cut = made(["a b c d e f"], **{"text.max_tokens": 4, "text.keep": "both"})
    encoded = cut.encode(["a b c d e f"])
    assert joined(cut, ["a b c d e f"], encoded).tolist() == [True, False, True, False]
    dropped = made(["waste of the money"], **{"text.stop_words": "en"})
    encoded = dropped.encode(["waste of the money"])
    assert joined(dropped, ["waste of the money"], encoded).tolist() == [True, False]


def test_unknown_words_are_in_no_list_and_no_phrase() -> None:
    model = made(["good film"])
    encoded = model.encode(["good strange film"])
    assert not joined(model, ["good strange film"], encoded).any()


def test_positions_by_hand() -> None:
    texts = [" ".join(["w"] * 20), "w w w"]
    model = made(texts)
    tally = tallied([[1.0] * 10 + [3.0] * 10, [5.0, 0.0, 0.0]], model, texts)
    found = positions_of(tally.reading)
    assert found.texts == 1, "the short one does not count"
    assert found.attention == pytest.approx([1.0] * 10)
    assert found.contribution == pytest.approx([0.5] * 5 + [1.5] * 5)
    assert found.first_contribution == pytest.approx([0.5] * 5)
    assert found.last_contribution == pytest.approx([1.5] * 5)


def test_padding_is_measured() -> None:
    model = made(TEXTS)
    tally = tallied(VALUES, model)
    assert tally.reading.padding == (4 * 7 - 11, 0.0, 0.0)
    weights = torch.full((1, 4), 0.25)
    tally.add(
        np.array([1]),
        Scored(
            torch.zeros(1, 1),
            weights,
            torch.ones(1, 4, 1),
            torch.zeros(1),
            torch.zeros(1, 1),
        ),
    )
    assert tally.reading.padding == (4 * 7 - 11 + 2, 0.5, 2.0), "a leak would be seen"
    padding = shares_of(model, tally, "en")[-1]
    assert padding.kind == "padding" and padding.attention > 0


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> dict[str, Path]:
    names = ("binary", "multi_class", "multi_label")
    return {name: request.getfixturevalue(name) for name in names}


def texts_for(name: str) -> list[Example]:
    if name == "binary":
        return list(generate(60, 4))
    words = ["bread", "butter", "moon", "star", "ball", "goal", "the", "of", "we", "saw", "soup"]
    draw = np.random.default_rng(2)
    return [
        Example(" ".join(draw.choice(words, 6)) + f" {i}", (), "made", i + 1) for i in range(60)
    ]


@pytest.mark.parametrize("name", ["binary", "multi_class", "multi_label"])
def test_the_sums_are_those_of_the_explanations(runs: dict[str, Path], name: str) -> None:
    model, examples = load_model(runs[name]), texts_for(name)
    view = corpus_view(model, examples, limit=10_000, min_texts=1)
    found = list(explain_examples(model, examples))
    for label in model.labels.names:
        sums: dict[str, float] = {}
        for one in found:
            for token, value in zip(one.tokens, one.contributions[label], strict=True):
                sums[token.text] = sums.get(token.text, 0.0) + value
        shown = (*view.classes[label].words, *view.classes[label].against)
        assert len(shown) > 10
        for pull in shown:
            assert pull.total == pytest.approx(sums[pull.text], abs=2e-4), pull.text
        decided = sum(label in one.prediction.labels for one in found)
        assert view.classes[label].decided == decided
    for example in view.classes[model.labels.names[-1]].words[0].examples:
        text = examples[example.row - 1].text
        around = example.before.lstrip("…") + example.match + example.after.rstrip("…")
        assert around in text
    kinds = {"attention": 0.0, "tokens": 0.0, "contribution": 0.0}
    for kind in kinds:
        assert sum(getattr(share, kind) for share in view.shares) == pytest.approx(1)
    assert view.shares[-1].kind == "padding"
    assert view.shares[-1].attention == view.shares[-1].contribution == 0.0


def test_a_binary_class_mirrors_the_other(runs: dict[str, Path]) -> None:
    view = corpus_view(load_model(runs["binary"]), texts_for("binary"), min_texts=2)
    no, yes = view.classes.values()
    assert no.words and [(p.text, p.total) for p in no.words] == [
        (p.text, -p.total) for p in yes.against
    ]
    assert [(b.text, b.pro, b.con) for b in no.both_ways] == [
        (b.text, b.con, b.pro) for b in yes.both_ways
    ]
    assert no.decided + yes.decided == 60


def test_the_order_of_the_rows_does_not_matter(runs: dict[str, Path]) -> None:
    model, examples = load_model(runs["multi_class"]), texts_for("multi_class")
    one = corpus_view(model, examples, min_texts=2)
    mixed = [examples[i] for i in np.random.default_rng(0).permutation(len(examples))]
    other = corpus_view(model, mixed, min_texts=2)
    for name, view in one.classes.items():
        for kind in ("words", "against", "phrases"):
            first, second = getattr(view, kind), getattr(other.classes[name], kind)
            assert [p.text for p in first] == [p.text for p in second]
            assert [p.total for p in first] == pytest.approx([p.total for p in second], abs=1e-4)
            for a, b in zip(first, second, strict=True):
                assert [e.row for e in a.examples] == [e.row for e in b.examples]
    assert [s.attention for s in one.shares] == pytest.approx([s.attention for s in other.shares])
    assert one.positions.texts == other.positions.texts == 0


def test_against_itself_nothing_changes(runs: dict[str, Path]) -> None:
    model = load_model(runs["multi_class"])
    found = corpus_view(model, texts_for("multi_class"), against=model, min_texts=2).change
    assert found is not None and found.same_classes
    assert found.changed == 0 and found.flipped == () and found.new == found.lost == ()
    assert all(words == () for words in found.words.values())
    assert found.compared > 5
    assert [*found.correlation.values()] == pytest.approx([1.0] * 3)


def test_two_runs_by_hand(runs: dict[str, Path]) -> None:
    model, examples = load_model(runs["multi_class"]), texts_for("multi_class")
    other = load_model(runs["multi_class"])
    with torch.no_grad():  # only what it makes of "moon" differs, and its "ball" is unknown
        other.network.embed.table.weight[other.vocabulary.id("moon")] *= -3
    other.vocabulary = Vocabulary(
        "balloon" if w == "ball" else w for w in other.vocabulary.tokens[4:]
    )
    found = corpus_view(model, examples, against=other, min_texts=2).change
    assert found is not None
    assert [word for word, _ in found.new] == ["ball"] and found.new_words == 1
    assert found.lost == ()
    before, after = read_corpus(other, examples, 2), read_corpus(model, examples, 2)
    ids = [i for i in range(4, len(model.vocabulary)) if after.tally.texts[i] >= 2]
    ids = [i for i in ids if model.vocabulary.token(i) != "ball"]
    for name, rank in found.correlation.items():
        means = [r.ways[name].total[ids] / r.tally.occurrences[ids] for r in (before, after)]
        assert rank == pytest.approx(spearmanr(*means).statistic)
        moved = np.abs(means[1] - means[0]) * np.log1p(after.tally.texts[ids])
        order = [model.vocabulary.token(ids[i]) for i in np.argsort(-moved)]
        assert [word.text for word in found.words[name]][:3] == order[:3]
        assert "moon" in order[:3]
    changed = [
        i for i, (a, b) in enumerate(zip(before.labels, after.labels, strict=True)) if a != b
    ]
    assert found.changed == len(changed)
    assert sorted(one.row for one in found.flipped) == [i + 1 for i in changed]


def test_other_classes_leave_the_vocabulary(runs: dict[str, Path]) -> None:
    model, other = load_model(runs["multi_class"]), load_model(runs["binary"])
    found = corpus_view(model, texts_for("multi_class"), against=other).change
    assert found is not None and not found.same_classes
    assert found.words == {} and found.flipped == () and found.new_words > 0


def test_no_text_and_texts_without_words(runs: dict[str, Path]) -> None:
    model = load_model(runs["binary"])
    with pytest.raises(HeedfulError, match="no texts"):
        corpus_view(model, [])
    view = corpus_view(model, [Example(""), Example("   "), Example("zzqx")], min_texts=1)
    assert view.tokens == 1
    assert [s.tokens for s in view.shares] == [0, 0, 0, 1, 0]
    assert all(not one.words and not one.phrases for one in view.classes.values())
    nothing = corpus_view(model, [Example("")])
    assert all(s.attention == 0 for s in nothing.shares)


def test_usual_min_texts() -> None:
    assert [usual_min_texts(n) for n in (1, 250, 400, 5000, 25_000)] == [2, 2, 4, 5, 12]
