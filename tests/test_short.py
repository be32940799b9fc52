"""What presets choose for short texts, and thresholds by the share of each label."""

from __future__ import annotations

import numpy as np

from heedful.config import Config
from heedful.learn.assemble import SHARES
from heedful.learn.fit import fit
from heedful.learn.folder import load_model, save_model
from heedful.learn.metrics import measure
from heedful.learn.rules import FEW, SHORT, for_texts
from heedful.presets import FEW_SHORT_TEXTS, PRESETS, SHORT_TEXTS, preset
from heedful.settings import apply, value_of
from small_training import Notes, settings, tagged

WORDS = ["short words of a text"]
LONG = ["word " * (SHORT + 1)]


def test_short_texts_have_settings_of_their_own():
    for name, changes in SHORT_TEXTS.items():
        short, many = for_texts(preset(name), WORDS), for_texts(preset(name), WORDS * FEW)
        assert all(value_of(many, address) == value for address, value in changes.items())
        further = changes | FEW_SHORT_TEXTS.get(name, {})
        assert all(value_of(short, address) == value for address, value in further.items())
        assert short != preset(name)
        assert short.given == frozenset()
        assert for_texts(preset(name), LONG) == preset(name)


def test_by_the_mean_length():
    assert for_texts(preset("default"), ["word " * SHORT]) != preset("default")
    assert for_texts(preset("default"), [*LONG * 60, *WORDS]).model.window == (5,)
    assert for_texts(preset("default"), [*WORDS, *WORDS, *LONG]).model.window == (1, 3, 5)
    assert for_texts(preset("default"), []) == preset("default")
    assert for_texts(preset("default"), WORDS * 4_001) == for_texts(preset("default"), WORDS)


def test_what_somebody_has_set_stays():
    # 5 is what the preset has too: said or not makes the difference.
    own = apply(preset("default"), {"window": 5, "train.epochs": 2, "head_dropout": 0.1})
    found = for_texts(own, WORDS)
    assert (found.model.window, found.train.epochs) == ((5,), 2)
    assert found.model.pooling == "attention+max"
    assert found.given == own.given == {"model.window", "train.epochs", "model.head_dropout"}


def test_a_config_made_otherwise_stays_as_it_is():
    assert for_texts(Config(), WORDS) == Config()
    assert for_texts(settings(), WORDS) == settings()
    for name in set(PRESETS) - set(SHORT_TEXTS):
        assert for_texts(preset(name), WORDS) == preset(name)


def test_labels_are_given_as_often_as_in_training(tmp_path):
    examples, labels = tagged(256)
    config = settings(epochs=1, thresholds="share")
    notes = Notes()
    fitted = fit(examples[:200], examples[200:], labels, config, listener=notes)
    assert fitted.model.decision.aim == SHARES
    p = fitted.model.probabilities([e.text for e in examples[200:]])
    limits = fitted.model.decision.array()
    wanted = np.rint(56 * labels.encode(examples[:200]).mean(axis=0))
    assert (p > limits).sum(axis=0).tolist() == wanted.tolist()
    figures = measure(p, labels.encode(examples[200:]), "multi-label", thresholds=limits)
    assert fitted.validation["f1"] == figures["f1"] > 0
    assert any("thresholds by the share" in line for line in notes.said)
    save_model(fitted.model, tmp_path)
    assert load_model(tmp_path).decision == fitted.model.decision
    # without validation texts there is nothing to choose them on, and few say little
    half, few = settings(epochs=1), examples[200:249]
    for held, how in (([], config), (few, config), (examples[200:], half)):
        assert fit(examples[:20], held, labels, how).model.decision.thresholds is None
