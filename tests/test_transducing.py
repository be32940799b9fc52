"""Networks that rewrite are trained by the loop that trains classifiers: resumed, kept, saved."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.base import clone

from heedful.config import Config
from heedful.learn.checkpoint import Store
from heedful.learn.fit import Saving
from heedful.learn.folder import load_model
from heedful.learn.listener import Silent
from heedful.learn.sequence_data import SequenceData, pairs, sources_as_ids, targets_as_ids
from heedful.learn.sequence_fit import fit_sequence
from heedful.learn.sequence_folder import load_sequence, save_sequence_run
from heedful.learn.sequence_model import SequenceModel
from heedful.learn.transducer import SequenceTransducer
from heedful.learn.transducing import Transducing, coverage, figures, teacher_forced
from heedful.nn.search import greedy
from heedful.nn.transduce import Forced
from heedful.records import HeedfulError
from heedful.settings import apply
from heedful.text.pair import Pair
from made_transducers import network
from small_training import Notes, weights

TINY = {
    "source_unit": "character",
    "target_unit": "character",
    "units": 24,
    "readout": 16,
    "tied": False,
    "target_embedding": 8,
    "embedding": 8,
    "hidden": 12,
    "attention_width": 8,
    "threads": 1,
    "batch_size": 16,
    "patience": 0,
    "average": 0.9,
    "schedule": "one-cycle",
}


def reversals(rows: int = 80, seed: int = 0) -> list[Pair]:
    """Short words and the same backwards."""
    random = np.random.default_rng(seed)
    words = ["".join(random.choice(list("abcd"), random.integers(1, 4))) for _ in range(rows)]
    return [Pair(word, word[::-1], "words", row) for row, word in enumerate(words, 1)]


def settings(**values: object) -> Config:
    return apply(Config(), TINY | values)


class Stop(Silent):
    """Ctrl-C after so many batches."""

    def __init__(self, after: int) -> None:
        self.left = after

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("after", "threads"), [(3, 1), (7, 1), (7, 2)])
def test_resumed_training_ends_with_the_same_bytes(tmp_path, after, threads):
    random = {"scheduled_sampling": 0.5, "decoder_dropout": 0.2, "word_dropout": 0.1}
    config = settings(
        epochs=2,
        checkpoint_seconds=1e-9,
        label_smoothing=0.1,
        coverage=0.1,
        threads=threads,
        **random,
    )
    train, valid = reversals(), reversals(20, 1)
    whole = fit_sequence(train, valid, config)
    store = Store(tmp_path)
    cut = fit_sequence(train, valid, config, Saving(store), Stop(after))
    assert cut.outcome.interrupted
    resumed = fit_sequence(train, valid, config, Saving(store, resume=True))
    assert weights(resumed.model.network) == weights(whole.model.network)
    assert [e.valid for e in resumed.outcome.history] == [e.valid for e in whole.outcome.history]


@pytest.fixture(scope="module")
def learnt():
    notes = Notes()
    config = settings(epochs=8, batch_size=32, learning_rate=0.05, validation=0.1)
    return fit_sequence(reversals(400), reversals(40, 1), config, None, notes), notes


def test_it_learns_and_says_so(learnt):
    fitted, notes = learnt
    assert fitted.validation["accuracy"] > 0.9
    assert fitted.validation == fitted.outcome.history[fitted.outcome.best_epoch - 1].valid
    assert notes.said[0].startswith("8 distinct characters in the sources, 8 characters")
    assert "at most 6 are written" in notes.said[0]
    assert fitted.model.write(["abc", "d"]) == ["cba", "d"]


def test_accuracy_is_the_exact_match_of_decoded_output(learnt):
    model, test = learnt[0].model, reversals(60, 2)
    written = model.write([pair.source for pair in test])
    decoded = np.mean([text == pair.target for text, pair in zip(written, test, strict=True)])
    data = SequenceData(
        sources_as_ids([model.source.encode(pair.source) for pair in test]),
        targets_as_ids([model.target.encode(pair.target) for pair in test]),
    )
    found = teacher_forced(model.network, data)
    assert figures(found)["accuracy"] == decoded
    weak = network(seed=2)  # and of one that is nearly always wrong
    random = np.random.default_rng(0)
    rows = [random.integers(4, 11, random.integers(1, 4)).tolist() for _ in range(200)]
    mask = torch.ones(200, 1, dtype=torch.bool)
    told = SequenceData(sources_as_ids([[5]] * 200), targets_as_ids(rows))
    with torch.no_grad():
        source = weak.read(torch.full((200, 1), 5), mask)
        best = [h.ids for (h,) in greedy(weak, source, 9)]
    exact = [[*row, 3] == ids for row, ids in zip(rows, best, strict=True)]
    assert figures(teacher_forced(weak, told))["accuracy"] == np.mean(exact)


def test_figures_by_hand():
    found = figures(np.array([[0.5, 2, 2], [2.5, 1, 4]], np.float32))
    assert found == {"loss": 0.5, "accuracy": 0.5, "token_accuracy": 0.5}


def test_smoothing_and_the_loss_are_pytorchs():
    config = settings(label_smoothing=0.2).sequence
    data = SequenceData(sources_as_ids([[4, 5], [6]]), targets_as_ids([[4, 5, 6], []]))
    net = network()
    found = Transducing(net, data, None, config).forward(np.array([0, 1]), 0.0)
    batch = pairs(data, np.array([0, 1]), torch.device("cpu"))
    assert batch.targets.tolist() == [[4, 5, 6, 3], [3, 0, 0, 0]]
    logits = net(batch.ids, batch.mask, batch.targets).flatten(0, 1)
    truth = batch.targets.flatten()
    expected = torch.nn.functional.cross_entropy(logits, truth, ignore_index=0)
    smooth = torch.nn.functional.cross_entropy(logits, truth, ignore_index=0, label_smoothing=0.2)
    torch.testing.assert_close(found.value, expected)
    torch.testing.assert_close(found.value + found.extra, smooth)
    assert found.output[:, 2].tolist() == [4, 1]
    assert float(found.output[:, 0].sum() / 5) == pytest.approx(float(expected), rel=1e-5)


def test_coverage_by_hand():
    """Steps (1, 0), (.5, .5): min with what was seen before is 0, then .5. Padding is left out."""
    data = SequenceData(sources_as_ids([[4, 5]]), targets_as_ids([[4]]))
    batch = pairs(data, np.array([0]), torch.device("cpu"))
    looked = torch.tensor([[[1.0, 0.0], [0.5, 0.5]]])
    forced = Forced(torch.zeros(1, 2, 1), looked, torch.zeros(1, 2, dtype=torch.long))
    assert float(coverage(forced, batch)) == pytest.approx(0.25)


def test_rewritings_and_the_run_folder(learnt, tmp_path):
    fitted, run = learnt[0], tmp_path / "run"
    save_sequence_run(fitted, run, {"files": ["words"]}, {"more.txt": b"more"})
    loaded = load_sequence(run)
    assert weights(loaded.network) == weights(fitted.model.network)
    sources = ["abc", "", "aé"]
    how = fitted.model.searching(beam=3)
    first = fitted.model.rewrite(sources, how, best=2)
    again = loaded.rewrite(sources, how, best=2)
    told = [[one.to_json() for one in best] for best in first]
    assert json.dumps(told) == json.dumps([[one.to_json() for one in best] for best in again])
    best, second = first[0]
    assert (best.text, best.finished) == ("cba", True)
    assert best.score > second.score
    assert [token.text for token in best.source_tokens] == ["a", "b", "c"]
    assert len(best.weights) == len(best.tokens) == 3
    assert best.log_probability < 0 < min(best.probabilities)
    history = (run / "history.jsonl").read_text().splitlines()
    assert len(history) == 8
    assert "whole sequences right" in (run / "README.md").read_text()
    assert (run / "more.txt").read_bytes() == b"more"
    with pytest.raises(HeedfulError, match="the run rewrites sequences and has no classes"):
        load_model(run)
    with pytest.raises(HeedfulError, match="already holds a finished run"):
        save_sequence_run(fitted, run, {}, {})


def test_damaged_runs_are_refused_in_one_line(learnt, tmp_path):
    save_sequence_run(learnt[0], tmp_path, {}, {})
    config = json.loads((tmp_path / "config.json").read_text())
    for change, says in (
        ({"format": 2}, "format 2; this heedful reads 1"),
        ({"task": "binary"}, "is a classifier's run"),
        ({"sequence": config["sequence"] | {"max_length": None}}, "names no sequence.max_length"),
        ({"sequence": config["sequence"] | {"units": 25}}, "does not fit config.json"),
    ):
        (tmp_path / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(HeedfulError, match=says) as error:
            load_sequence(tmp_path)
        assert "\n" not in str(error.value)


def test_the_estimator(tmp_path):
    train = reversals(30)
    sources, wanted = [p.source for p in train], [p.target for p in train]
    one = SequenceTransducer("clock", settings=TINY | {"train.epochs": 1}, seed=1).fit(
        sources, wanted
    )
    again = clone(one).fit(sources, wanted)
    assert weights(again.model_.network) == weights(one.model_.network)
    assert len(one.rewrite(["ab"], best=3)[0]) == 3
    one.save(tmp_path / "run")
    loaded = SequenceTransducer.load(tmp_path / "run")
    assert weights(loaded.model_.network) == weights(one.model_.network)
    assert weights(loaded.fit(sources, wanted).model_.network) == weights(one.model_.network)


def test_outputs_that_are_cut_off_are_reported(learnt):
    model = learnt[0].model
    short = apply(model.config, {"max_length": 2})
    estimator = SequenceTransducer()
    estimator.model_ = SequenceModel(short, model.source, model.target, model.network)
    with pytest.warns(UserWarning, match="2 of 3 outputs were cut off at 2 tokens"):
        score = estimator.score(["abc", "bb", "d"], ["cba", "bb", "d"])
    assert score == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"encoder": "conv", "start": "final"}, "need a recurrent encoder"),
        ({"tied": True}, "sequence.readout = sequence.target_embedding"),
        ({"input_feeding": True, "readout": 0}, "set sequence.readout"),
        ({"source_window": 2, "window_step": 3}, "leaves out tokens between windows"),
        ({"attention": "dot", "hidden": 5}, "set sequence.units=10 "),
        ({"monitor": "f1"}, "choose from loss, accuracy, token_accuracy"),
        ({"rare": 999}, "set sequence.rare=1"),
    ],
)
def test_what_cannot_be_is_refused(changed, says):
    with pytest.raises(HeedfulError, match=says) as error:
        fit_sequence(reversals(20), reversals(5, 1), settings(epochs=1, **changed))
    assert "\n" not in str(error.value)


def test_no_pairs_are_refused():
    with pytest.raises(HeedfulError, match="no training pair left"):
        fit_sequence([], [], settings())
