"""The search: order of trials, when they are given up, going on, Ctrl-C, no pickle."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heedful.learn.tune import needs
from heedful.learn.tune import tune as tune_estimator
from heedful.learn.tune.budget import Budget
from heedful.learn.tune.engine import search
from heedful.learn.tune.journal import JOURNAL, alone, mend, packed, unpacked
from heedful.learn.tune.judge import OutOfTimeError, Watched, judge
from heedful.learn.tune.race import difference, hopeless
from heedful.learn.tune.rounds import Round
from heedful.learn.tune.tuned import Tuned
from heedful.records import Epoch, HeedfulError
from heedful.settings import apply
from made_searches import BINARY, Scripted, short_texts, task
from small_training import TINY, reviews

Play = Callable[..., Tuned]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """A search whose judge is scripted."""

    def go(judge_: Any = None, trials: int = 4, folder: Path | None = None, **settings: Any) -> Any:
        scripted = judge_ or Scripted()
        for module in ("search", "confirm"):
            monkeypatch.setattr(f"heedful.learn.tune.{module}.judge", scripted)
        return search(task(folder, **settings), Budget(trials), lambda line: None)

    return go


# -- what two trials are compared by ----------------------------------------------------------


def test_a_difference_is_that_of_a_paired_test() -> None:
    found = difference(np.array([1, 1, 0, 1.0]), np.array([1, 0, 0, 0.0]))
    # gains 0, 1, 0, 1: mean 1/2, deviation sqrt(1/3), error sqrt(1/12)
    assert found.mean == 0.5
    assert found.error == pytest.approx(math.sqrt(1 / 12))
    assert found.p_value == pytest.approx(0.5)  # two of two, two-sided
    nats = difference(np.array([-0.5, -1.0]), np.array([-0.7, -1.0]))
    assert (nats.mean, nats.p_value) == (pytest.approx(0.1), None)


def test_a_trial_is_given_up_when_it_is_an_error_behind() -> None:
    best = np.ones(100)
    one_of = np.r_[np.zeros(2), np.ones(98)]
    # 2 of 100 lost: mean -.02, deviation .1407, error .0141
    assert hopeless(one_of, best)
    lost_two_won_one = np.r_[np.ones(1), np.zeros(2), np.ones(97)]
    other = np.r_[np.zeros(1), np.ones(99)]  # mean -.01, error .0174: not so far behind
    assert not hopeless(lost_two_won_one, other)
    assert not hopeless(np.zeros(49), np.ones(49)), "too few texts to tell"
    assert not hopeless(best, one_of)


# -- which trials, in which order -------------------------------------------------------------


def test_the_default_comes_first_then_fast_then_neighbours(play: Play) -> None:
    scripted = Scripted()
    found = play(scripted, trials=12)
    assert [row.name for row in found.rows] == [
        "default", "fast", "vectors", *(f"near {i}" for i in range(1, 9)), "",
    ]  # fmt: skip
    assert [row.number for row in found.rows] == list(range(12))
    base, _ = task().pinned(task().asked)
    assert scripted.seen[0] == apply(base, {}), "the default as it is"
    assert found.winner.value == max(row.value for row in found.rows if row.state == "complete")
    assert found.winner.value >= found.default.value


def test_what_wins_is_measured_on_other_texts_with_another_seed(play: Play) -> None:
    scripted = Scripted()
    found = play(scripted, trials=10)
    assert found.winner.number != 0
    assert found.winner.changed["evidence.cost"] < 0.1
    late = [config.train.seed for config in scripted.seen[-6:]]
    assert late == [1] * 6, "winner and default on three folds"
    assert {config.train.seed for config in scripted.seen[:-6]} == {0}
    assert found.confirmed.texts == 180
    assert found.confirmed.mean > 0
    assert found.kept
    assert found.classifier().settings["evidence.cost"] == found.settings["evidence.cost"]


def test_a_trial_behind_the_best_goes_no_further(play: Play) -> None:
    found = play(trials=14)
    given_up = [row for row in found.rows if row.state == "given up"]
    assert given_up, "cost was drawn above the default's at least once"
    for row in given_up:
        assert row.folds < 7
        assert row.value < found.winner.value
        assert row.note.startswith("too far behind the best after")


def test_a_network_that_lags_is_given_up_within_its_first_fold(play: Play) -> None:
    class Lagging(Scripted):
        def __call__(self, config: Any, round_: Any, labels: Any, metric: Any, watched: Any) -> Any:
            if len(self.seen) >= 7 * 9:  # the tenth trial on
                for epoch in (1, 2):
                    watched.told(epoch / 4, 0.1)
            return super().__call__(config, round_, labels, metric, watched)

    found = play(Lagging(), trials=12, evidence__cost=0.1)
    said = "its network lagged after 25 % of the first fold"
    assert [row.note for row in found.rows[9:]] == [said] * 3
    assert found.rows[9].folds == 0
    assert found.winner.number < 9


def test_where_nothing_is_better_the_default_is_kept(play: Play) -> None:
    found = play(trials=3, evidence__cost=0.1)
    assert (found.winner.number, found.kept, found.settings) == (0, False, {})
    assert found.searched is found.confirmed is None


def test_the_first_trial_has_the_name_of_the_preset(play: Play) -> None:
    names = [row.name for row in play(trials=3, preset_="best").rows]
    assert names == ["best", "fast", "vectors"]


def test_predictions_that_are_no_numbers_cost_one_trial(play: Play) -> None:
    class Broken(Scripted):
        def __call__(self, *arguments: Any) -> Any:
            values = super().__call__(*arguments)
            return values * math.nan if len(self.seen) == 8 else values

    found = play(Broken(), trials=3)
    assert [row.state for row in found.rows] == ["complete", "failed", "complete"]
    assert found.rows[1].note == "its predictions are not finite"


def test_what_had_no_time_is_tried_again(play: Play, tmp_path: Path) -> None:
    play(Scripted({9: OutOfTimeError()}), trials=3, folder=tmp_path)
    names = [(row.name, row.note) for row in play(trials=4, folder=tmp_path).rows]
    assert names == [("default", ""), ("fast", "the time was up"), ("fast", ""), ("vectors", "")]


def test_settings_that_cannot_be_trained_cost_one_trial_only(play: Play) -> None:
    found = play(Scripted({9: HeedfulError("the loss is not finite")}), trials=4)
    failed = found.rows[1]
    assert (failed.state, failed.note) == ("failed", "the loss is not finite")
    assert len(found.rows) == 4
    with pytest.raises(HeedfulError, match="no good"):
        play(Scripted({1: HeedfulError("no good")}))


# -- going on, and ending ---------------------------------------------------------------------


def test_a_search_goes_on_where_it_ended(play: Play, tmp_path: Path) -> None:
    first = play(trials=3, folder=tmp_path, preset_="fast")
    seen = Scripted()
    again = play(seen, trials=5, folder=tmp_path, preset_="fast")
    assert [row.number for row in again.rows] == list(range(5))
    assert [row.value for row in again.rows[:3]] == [row.value for row in first.rows]
    assert again.rows[0].name == "fast"
    assert again.rows[3].name == "near 3"
    alone_ = Scripted()
    once_more = play(alone_, trials=5, folder=tmp_path, preset_="fast")
    assert alone_.seen == [], "nothing is measured twice, the confirmation included"
    assert once_more.confirmed == again.confirmed
    assert once_more.settings == again.settings


def test_a_folder_is_for_one_search(play: Play, tmp_path: Path) -> None:
    play(trials=1, folder=tmp_path)
    with pytest.raises(HeedfulError, match="holds a search with other settings"):
        play(trials=2, folder=tmp_path, evidence__cost=0.3)


def test_memory_that_lacks_costs_one_trial_and_a_fault_of_ours_is_told(play: Play) -> None:
    found = play(Scripted({8: RuntimeError("DefaultCPUAllocator: not enough memory")}), trials=3)
    assert (found.rows[1].state, found.rows[1].note) == ("failed", "out of memory")
    with pytest.raises(RuntimeError, match="a fault"):
        play(Scripted({8: RuntimeError("a fault")}), trials=3)


def test_a_killed_search_loses_its_running_trial_only(play: Play, tmp_path: Path) -> None:
    play(trials=2, folder=tmp_path, preset_="fast")
    journal = tmp_path / JOURNAL
    whole = journal.read_bytes()
    play(trials=3, folder=tmp_path, preset_="fast")
    grown = journal.read_bytes()
    assert grown.startswith(whole)
    rest = grown[len(whole) :].splitlines(keepends=True)
    assert len(rest) > 15
    for lines in (0, 1, 5, len(rest) - 1):  # killed within these operations of the third trial
        journal.write_bytes(whole + b"".join(rest[:lines]) + rest[lines][:7])
        (tmp_path / f"{JOURNAL}.lock").touch()
        found = play(trials=3, folder=tmp_path, preset_="fast")
        names = [row.name for row in found.rows if row.state != "failed"]
        assert names == ["fast", "near 1", "near 2"]
        assert found.rows[0].number == 0


def test_ctrl_c_keeps_the_best(play: Play, tmp_path: Path) -> None:
    found = play(Scripted({7 * 3 + 1: KeyboardInterrupt()}), trials=9, folder=tmp_path)
    assert found.interrupted
    assert len(found.rows) == 3
    assert found.winner.number in range(3)
    assert found.confirmed is None
    assert len(play(trials=5, folder=tmp_path).rows) == 5
    with pytest.raises(KeyboardInterrupt):
        play(Scripted({3: KeyboardInterrupt()}))


def test_minutes_are_kept_and_time_is_left_for_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    class Slow(Scripted):
        def __call__(self, config: Any, *arguments: Any) -> Any:
            now[0] += 10
            return super().__call__(config, *arguments)

    judge_ = Slow()
    for module in ("search", "confirm"):
        monkeypatch.setattr(f"heedful.learn.tune.{module}.judge", judge_)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    budget = Budget(minutes=10, clock=lambda: now[0])
    found = search(task(preset_="fast"), budget, lambda line: None)
    # 600 seconds; three folds confirm two settings: 60 seconds; the search gets 540.
    assert 540 <= now[0] <= 610
    assert found.confirmed is None or found.confirmed.texts == 180
    assert len(judge_.seen) == now[0] / 10


def test_training_is_ended_when_the_time_is_up() -> None:
    with pytest.raises(OutOfTimeError):
        Watched(3, lambda done, value: None, until=0.0).batch(1, 10, 100, 0.5)
    Watched(3, lambda done, value: None).batch(1, 10, 100, 0.5)


def test_epochs_are_told_as_shares() -> None:
    told: list[tuple[float, float]] = []
    watched = Watched(4, lambda done, value: told.append((done, value)))
    watched.epoch(Epoch(1, 9, 1.0, 0.1, 5.0, {}, {"accuracy": 0.75}), best=True)
    watched.epoch(Epoch(2, 18, 1.0, 0.1, 5.0, {}, {}), best=True)
    assert told == [(0.25, 0.75)]


# -- what is kept -----------------------------------------------------------------------------


def test_no_pickle_anywhere(play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("pickle")

    for name in ("dump", "dumps", "load", "loads", "Pickler", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    play(trials=10, folder=tmp_path, preset_="fast")  # neighbours, then one of the sampler
    assert [path.name for path in tmp_path.iterdir()] == [JOURNAL]
    for line in (tmp_path / JOURNAL).read_text("ascii").splitlines():
        assert isinstance(json.loads(line), dict)


def test_values_survive_the_journal() -> None:
    values = np.array([0, 1, 1, -0.25, -13.5], np.float32)
    assert unpacked(packed(values)).tolist() == values.tolist()
    with pytest.raises(HeedfulError, match="damaged"):
        unpacked("what?")


def test_a_torn_line_is_cut_and_a_damaged_journal_is_told(play: Play, tmp_path: Path) -> None:
    file = tmp_path / JOURNAL
    file.write_bytes(b'{"a":1}\n{"b":')
    mend(file)
    assert file.read_bytes() == b'{"a":1}\n'
    with pytest.raises(HeedfulError, match=r"trials\.jsonl is damaged"):
        play(folder=tmp_path)
    file.write_bytes(b"\xff\n{}\n")
    with pytest.raises(HeedfulError, match=r"trials\.jsonl is damaged"):
        play(folder=tmp_path)


def test_two_searches_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        alone(tmp_path),
        pytest.raises(HeedfulError, match="another heedful tune"),
        alone(tmp_path),
    ):
        pass
    with alone(tmp_path):
        pass


# -- the real judge, and refusals -------------------------------------------------------------


def test_a_fold_is_judged_by_texts_that_training_has_not_seen() -> None:
    examples = reviews(60)
    round_ = Round(examples[:40], examples[40:])
    told: list[tuple[float, float]] = []
    config = apply(task().asked, TINY | {"train.epochs": 2, "pretrain.on_training": False,
                                         "pretrain.regions": 0, "evidence.orders": 1,
                                         "train.batch_size": 32})  # fmt: skip
    watched = Watched(2, lambda done, value: told.append((done, value)))
    right = judge(config, round_, BINARY, "accuracy", watched)
    assert set(right.tolist()) <= {0.0, 1.0}
    assert len(right) == 20
    assert [done for done, _ in told] == [0.5, 1.0]


@pytest.mark.slow
def test_log_loss_is_of_the_same_decisions() -> None:
    examples = reviews(60)
    round_ = Round(examples[:40], examples[40:])
    config = apply(task(preset_="fast").asked, {"evidence.orders": 1})
    watched = Watched(1, lambda done, value: None)
    right, nats = (judge(config, round_, BINARY, m, watched) for m in ("accuracy", "loss"))
    assert (nats <= 0).all()
    # A text is right where its label has more than half: less than ln 2 is lost.
    assert ((nats > -math.log(2)) == (right == 1)).all()


def test_a_function_for_those_who_use_scikit_learn() -> None:
    texts, labels = zip(*((e.text, e.labels[0] == "positive") for e in short_texts(40)),
                        strict=True)  # fmt: skip
    found = tune_estimator(texts, labels, preset="fast", trials=1, seed=4,
                           settings={"train.threads": 1, "evidence.orders": 1})  # fmt: skip
    assert len(found.rows) == 1
    classifier = found.classifier().fit(texts, labels)
    assert (classifier.seed, classifier.classes_.tolist()) == (4, [False, True])
    with pytest.raises(HeedfulError, match="40 texts but 2 labels"):
        tune_estimator(texts, [0, 1])
    with pytest.raises(HeedfulError, match="accuracy or loss"):
        tune_estimator(texts, labels, metric="f1")  # type: ignore[arg-type]


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    with pytest.raises(HeedfulError, match=r"pip install 'heedful\[tune\]'"):
        search(task(), Budget(1), lambda line: None)


@pytest.mark.parametrize(("given", "said"), [((0, None), "--trials"), ((None, -1.0), "--minutes"),
                                            ((None, math.nan), "--minutes")])  # fmt: skip
def test_a_budget_of_nothing_is_refused(given: Any, said: str) -> None:
    with pytest.raises(HeedfulError, match=said):
        Budget(*given)
