"""What a search may vary, and the texts that judge it."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import optuna
import pytest

from heedful.learn.rules import FEW
from heedful.learn.tune.profile import Profile, pinned
from heedful.learn.tune.rounds import rounds_of
from heedful.learn.tune.space import ENCODER
from heedful.learn.tune.spaces import config_of, plan_of, space_for
from heedful.learn.tune.task import to_set
from heedful.presets import preset
from heedful.records import Example, HeedfulError
from heedful.settings import apply, value_of
from heedful.text.folds import folds
from made_searches import task
from small_training import reviews

PRESETS = ("default", "fast", "best", "faithful", "stacked-bilstm", "bilstm-head", "bigru-mlp")
PROFILES = (
    Profile(300, 12.0, "binary"),
    Profile(9_000, 20.0, "multi-class"),
    Profile(60_000, 25.0, "multi-label"),
    Profile(25_000, 250.0, "binary"),
    Profile(900, 300.0, "multi-class"),
)
optuna.logging.set_verbosity(optuna.logging.ERROR)


FAST = [("default", 0), ("default", 3), ("fast", 1), ("best", 4), ("bilstm-head", 2)]
EVERY = [
    pytest.param(
        name, profile, id=f"{name}-{i}", marks=() if (name, i) in FAST else pytest.mark.slow
    )
    for name in PRESETS
    for i, profile in enumerate(PROFILES)
]


@pytest.mark.parametrize(("name", "profile"), EVERY)
def test_every_draw_makes_settings_that_can_be_trained(name: str, profile: Profile) -> None:
    text = "word " * int(profile.tokens)
    base = pinned(preset(name), [text] * 20, profile)
    space = space_for(base, profile)
    for _, params in plan_of(space, profile, name):
        config_of(space, space.suggest(optuna.trial.FixedTrial(params)))
        assert all(d.holds(params[d.address]) for d in space.dimensions)
    assert config_of(space, space.start()) == apply(base, space.start()), "the first is the base"
    assert all(value_of(config_of(space, space.start()), d.address) == value_of(base, d.address)
               for d in space.dimensions)  # fmt: skip
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(6):
        config_of(space, space.suggest(study.ask()))
    for seed in range(6):
        near = space.neighbour(space.start(), str(seed))
        assert near != space.start() or not space.dimensions
        study.enqueue_trial(near)
        trial = study.ask()
        params = space.suggest(trial)
        config_of(space, params)
        assert params.items() <= near.items(), "what was enqueued is what is tried"


def test_a_trial_without_a_network_has_no_settings_of_one() -> None:
    profile = PROFILES[1]
    space = space_for(pinned(preset("default"), ["a b"] * 9_000, profile), profile)
    plan = plan_of(space, profile, "default")
    assert [name for name, _ in plan] == ["default", "fast", "vectors"]
    fast = optuna.trial.FixedTrial(plan[1][1])
    params = space.suggest(fast)
    assert params[ENCODER] == "none"
    assert not any(name.startswith(("model.w", "train.", "pretrain.")) for name in params)


def test_what_somebody_has_set_is_not_searched_for() -> None:
    profile = PROFILES[0]
    asked = apply(preset("default"), {"evidence.cost": 7, "model.encoder": "bigru"})
    space = space_for(pinned(asked, ["a b"] * 300, profile), profile, asked.given)
    found = {d.address for d in space.dimensions}
    assert not found & {"evidence.cost", "model.encoder", "model.window", "pretrain.regions"}
    assert config_of(space, space.start()).evidence.cost == 7
    fixed = apply(preset("default"), {"model.encoder": "transformer", "pretrain.regions": 0})
    space = space_for(pinned(fixed, ["a b"] * 300, profile), profile, fixed.given)
    found = {d.address for d in space.dimensions}
    assert {"train.learning_rate", "model.embedding"} < found
    assert not found & {"model.encoder", "model.window", "model.hidden"}, "heads share the width"
    evidence_only = space_for(pinned(preset("fast"), ["a b"] * 300, profile), profile)
    assert {d.address.partition(".")[0] for d in evidence_only.dimensions} == {"evidence"}


def test_a_fold_is_trained_with_the_settings_of_the_whole() -> None:
    """A fold of 9,000 short texts has fewer than 8,000, where another rule would hold."""
    asked = preset("default")
    texts = ["a short text"] * (FEW + 100)
    whole = pinned(asked, texts, Profile(len(texts), 3.0, "binary"))
    assert (whole.train.batch_size, whole.evidence.frames, whole.evidence.reach) == (128, False, 1)
    again = pinned(whole, texts[:-500], Profile(len(texts) - 500, 3.0, "binary"))
    assert again == whole
    assert pinned(asked, texts[:-500], Profile(FEW - 400, 3.0, "binary")) != whole


def test_what_is_set_for_the_winner_makes_training_take_exactly_its_settings() -> None:
    """Also where a searched setting, the share held out, moves the number of texts over a limit."""
    some = task(rows=60)
    many = [Example(f"{e.text} {i}", e.labels) for i in range(146) for e in some.examples]
    found = task(rows=60)
    object.__setattr__(found, "examples", many)  # 8,760 texts: 7,884 or 8,322 to train on
    object.__setattr__(found, "asked", apply(found.asked, {"evidence.orders": 1}))
    base, profile = found.pinned(found.asked)
    assert profile.texts < FEW < len(many) * 0.95
    space = space_for(base, profile, found.asked.given)
    params = space.start({"train.validation": 0.05, "model.head_dropout": 0.2})
    wanted = config_of(space, params)
    made, _ = found.pinned(apply(found.asked, to_set(found, wanted)))
    assert made == wanted
    plain, _ = found.pinned(apply(found.asked, {"train.validation": 0.05}))
    assert plain.train.batch_size != made.train.batch_size, "the rule alone would differ"


def test_without_a_network_what_is_set_can_be_trained() -> None:
    found = task(rows=60)
    base, profile = found.pinned(found.asked)
    space = space_for(base, profile, found.asked.given)
    params = space.suggest(optuna.trial.FixedTrial(space.start({ENCODER: "none"})))
    wanted = config_of(space, params)
    made, _ = found.pinned(apply(found.asked, to_set(found, wanted)))
    assert made == wanted
    assert to_set(found, base) == {}, "the default needs nothing"


def test_folds_part_the_texts_by_label_and_keep_equal_texts_together() -> None:
    examples = reviews(200)
    examples += [Example(e.text.upper(), e.labels) for e in examples[:40]]
    found = folds(examples, 7, seed=3)
    assert sorted(row for fold in found for row in fold) == list(range(240))
    assert found == folds(examples, 7, seed=3) != folds(examples, 7, seed=4)
    place = {row: i for i, fold in enumerate(found) for row in fold}
    assert all(place[row] == place[200 + row] for row in range(40))
    for label in {e.labels for e in examples}:
        counts = Counter(place[i] for i, e in enumerate(examples) if e.labels == label)
        assert max(counts.values()) - min(counts.values()) <= 12
    with pytest.raises(HeedfulError, match="cannot be split into 300 folds"):
        folds(examples, 300, 0)


def test_texts_that_confirm_have_judged_no_trial() -> None:
    examples = reviews(300)
    rounds = rounds_of(examples, (), 0)
    assert (len(rounds.search), len(rounds.confirm)) == (7, 3)
    rows = [{e.row for e in r.judged} for r in (*rounds.search, *rounds.confirm)]
    assert all(not first & second for first, second in combinations(rows, 2))
    assert all(not {e.row for e in r.train} & {e.row for e in r.judged} for r in rounds.search)
    assert all(len(r.train) + len(r.judged) == 300 for r in rounds.confirm)
    own = rounds_of(examples, reviews(90, seed=9), 0)
    assert [len(r.judged) for r in (*own.search, *own.confirm)] == [60, 30]
    assert all(len(r.train) == 300 for r in (*own.search, *own.confirm))
    with pytest.raises(
        HeedfulError, match="30 distinct validation texts at least, and there are 9"
    ):
        rounds_of(examples, reviews(9, seed=9), 0)
    with pytest.raises(HeedfulError, match="30 distinct texts at least, and there are 1"):
        rounds_of([Example("the same", (str(i % 2),)) for i in range(99)], (), 0)


def test_a_neighbour_differs_in_a_few_settings() -> None:
    profile = PROFILES[0]
    space = space_for(pinned(preset("default"), ["a b"] * 300, profile), profile)
    start = space.start()
    changed = [
        sum(space.neighbour(start, str(seed))[k] != v for k, v in start.items())
        for seed in range(60)
    ]
    assert 2 < sum(changed) / 60 < 6
