"""Untrained heads and random states: what attention-level diagnostics read, without a training."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from heedful.config import ModelConfig
from heedful.explain.anatomy import Anatomy, heads
from heedful.nn.classify import Classifier


def made_network(
    head: Literal["linear", "dense"], classes: int = 1, width: int = 6, seed: int = 0
) -> Classifier:
    """A small network whose head has weights large enough to matter."""
    torch.manual_seed(seed)
    config = ModelConfig(
        embedding=4, hidden=width, attention_width=4, encoder="conv", head=head, head_width=5
    )
    network = Classifier(config, 10, classes)
    network.head.scale(4.0)
    return network


def made(network: Classifier, size: int, seed: int, sharp: float = 1.0) -> Anatomy:
    """A random text; `sharp` = 0 gives uniform attention."""
    random = np.random.default_rng([seed, size])
    scores = np.exp(sharp * random.normal(size=size))
    weights = scores / scores.sum() if size else scores
    states = random.normal(size=(size, network.encode.width)).astype(np.float32)
    mean = states.mean(axis=0) if size else np.zeros(states.shape[1])
    both = heads(network, np.stack([weights @ states, mean]))
    ids = np.arange(size, dtype=np.int32)
    return Anatomy(ids, weights, states, both[0], both[1], 0.0)
