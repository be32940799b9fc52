"""The same text scores the same: alone, in any batch, in any order, with any padding."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
import torch

from heedful.config import ENCODERS, SCORES
from heedful.learn.model import TextModel, inference, to_probabilities
from heedful.nn.classify import Classifier
from heedful.text.batch import pad
from heedful.text.labels import Labels
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import fit
from real_data import real
from small_training import settings

TOLERANCE = 1e-5
QUICK = [("conv", "additive"), ("bilstm", "general"), ("bigru", "content")]
EVERY = [pair for pair in itertools.product(ENCODERS, SCORES) if pair not in QUICK]


@functools.cache
def texts(count: int) -> tuple[str, ...]:
    """Real reviews spread over the file, the longest of them, and an empty text."""
    lines = real("imdb/test.tsv").read_text(encoding="utf-8").split("\n")[1:]
    rows = [line.split("\t")[-1] for line in lines if line]
    longest = max(rows, key=len)
    step = len(rows) // (count - 2)
    return (*rows[::step][: count - 2], longest, "")


def model(encoder: str, score: str, count: int) -> TextModel:
    more = {f"model__{k}": 12 for k in ("embedding", "hidden", "attention_width")}
    config = settings(model__encoder=encoder, model__attention=score, **more)
    tokenizer = Tokenizer(config.text)
    vocabulary, _ = fit(texts(count), tokenizer, config.text)
    torch.manual_seed(8)
    network = Classifier(config.model, len(vocabulary), 3)
    # Larger than at first, so that texts differ. Not so the weights from step to step: doubled,
    # they make a recurrent network chaotic, and over 2,500 tokens it then blows up rounding
    # errors in any library and precision (PyTorch's float32 and float64 differ by 2).
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "weight_hh" not in name:
                parameter.mul_(2.0)
    return TextModel(config, Labels(("a", "b", "c"), "multi-class"), vocabulary, tokenizer, network)


def direct(one: TextModel, encoded, order, extra: int = 0) -> np.ndarray:
    """Probabilities of exactly these texts in one batch, with `extra` columns of padding."""
    batch = pad(encoded, order)
    wide = ((0, 0), (0, extra))
    ids, mask = np.pad(batch.ids, wide), np.pad(batch.mask, wide)
    with inference(one.network):
        values = one.network.logits(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
    return to_probabilities(values, "multi-class")


def check(encoder: str, score: str, count: int) -> None:
    one = model(encoder, score, count)
    encoded = one.encode(texts(count))
    expected = one.probabilities(texts(count))
    assert np.ptp(expected, axis=0).max() > 0.01, "the texts score differently"
    alone = np.concatenate([direct(one, encoded, [i]) for i in range(count)])
    assert np.abs(alone - expected).max() <= TOLERANCE
    padded = np.concatenate([direct(one, encoded, [i], 37) for i in range(count)])
    assert np.abs(padded - expected).max() <= TOLERANCE
    random = np.random.default_rng(1)
    for size in (3, 16):
        order = random.permutation(count)
        for start in range(0, count, size):
            chosen = order[start : start + size]
            assert np.abs(direct(one, encoded, chosen) - expected[chosen]).max() <= TOLERANCE
    shuffled = random.permutation(count)
    again = one.probabilities([texts(count)[i] for i in shuffled])
    assert np.abs(again - expected[shuffled]).max() <= TOLERANCE


@pytest.mark.parametrize(("encoder", "score"), QUICK)
def test_neighbours_do_not_matter(encoder, score):
    check(encoder, score, 10)


@pytest.mark.slow
@pytest.mark.parametrize(("encoder", "score"), QUICK + EVERY)
def test_neighbours_do_not_matter_anywhere(encoder, score):
    check(encoder, score, 40)
