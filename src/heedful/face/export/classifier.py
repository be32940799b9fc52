"""The whole classifier (nn/classify.py) as an ONNX model: ids and mask in, decision and map out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from onnx import ModelProto

from heedful.config import ModelConfig
from heedful.face.export.encoders import Encoded, Plain, convolved
from heedful.face.export.evidence import Shown, below, evidence
from heedful.face.export.graph import BOOL, INT, Graph, Value
from heedful.face.export.heads import head, peaks
from heedful.face.export.recurrent import recurrent
from heedful.face.export.scores import Tensors, scores
from heedful.face.export.texts import Texts, cleared, masked_softmax, texts
from heedful.face.export.transformer import transformer
from heedful.nn.grams import Kinds

INPUTS = {"ids": (INT, ("batch", "tokens")), "mask": (BOOL, ("batch", "tokens"))}


@dataclass(frozen=True)
class Plan:
    """What a graph is written from.

    Attributes:
        config: the network's settings.
        weights: its tensors by name.
        kinds: which groups of words its n-gram evidence looks for.
        length: the exponent of the evidence.
    """

    config: ModelConfig
    weights: Tensors
    kinds: Kinds
    length: float

    @property
    def classes(self) -> int:
        """C, the number of logits."""
        last = "head.output.bias"
        return len(self.weights[last if last in self.weights else "head.linear.bias"])

    @property
    def shows(self) -> bool:
        """Whether there is n-gram evidence."""
        return "evidence.weight" in self.weights


class Read(NamedTuple):
    """What the attention network says.

    Attributes:
        logits: (B, C).
        weights: (B, T) attention.
        contributions: (B, T, C).
        base: (C,).
    """

    logits: Value
    weights: Value
    contributions: Value
    base: Value


def to_onnx(plan: Plan) -> ModelProto:
    """The network as an ONNX model.

    Inputs `ids` (B, T) int64 and `mask` (B, T) bool, T > 0, padding on the right; outputs float32:
    `logits` (B, C), `weights` (B, T), `contributions` (B, T, C), `base` (C,), and with n-gram
    evidence `evidence` (B, C), as `nn.classify.Scored` has them.
    """
    graph = Graph()
    batch = texts(graph, "ids", "mask")
    read = _read(graph, plan, batch)
    axes: dict[str, list[str | int]] = {
        "logits": ["batch", plan.classes],
        "weights": ["batch", "tokens"],
    }
    axes |= {"contributions": ["batch", "tokens", plan.classes], "base": [plan.classes]}
    found = read._asdict()
    if plan.shows:
        found = _beside(graph, plan, batch, read)
        axes["evidence"] = ["batch", plan.classes]
    for name in axes:
        graph.output(found[name], name)
    return graph.model(INPUTS, axes)


def _read(graph: Graph, plan: Plan, batch: Texts) -> Read:
    """Embed -> Encode -> Attend -> Predict."""
    config, weights = plan.config, plan.weights
    if config.encoder == "none":
        return _silent(graph, plan, batch)
    encoded = _encoded(graph, config, weights, batch)
    found = scores(graph, config, weights, _query(graph, weights, encoded), encoded.states, batch)
    attention = masked_softmax(graph, found, batch)
    clean = cleared(graph, encoded.states, batch)
    context = graph.op("MatMul", graph.unsqueeze(attention, 1), clean)  # (B, 1, H)
    said = head(graph, config, weights, graph.squeeze(context, 1))
    shares = encoded.hand_down(graph, graph.unsqueeze(attention, 2), said.slope)
    if config.pooling == "attention":
        return Read(said.logits, attention, shares, said.base)
    most = peaks(graph, weights, encoded.states, batch)
    more = encoded.hand_down(graph, most.chosen, most.slope)
    logits = graph.op("Add", said.logits, most.logits)
    return Read(logits, attention, graph.op("Add", shares, more), said.base)


def _silent(graph: Graph, plan: Plan, batch: Texts) -> Read:
    """Without an attention network: attention is uniform, and says the base of every text."""
    nothing = graph.op("Mul", batch.real, graph.constant(0.0))
    zeros = graph.constant(np.zeros((1, 1, plan.classes), np.float32))
    contributions = graph.op("Mul", batch.column, zeros)
    base = graph.constant(plan.weights["head.linear.bias"], "head.linear.bias")
    logits = graph.op("Add", graph.sum(contributions, 1), base)
    return Read(logits, masked_softmax(graph, nothing, batch), contributions, base)


def _encoded(graph: Graph, config: ModelConfig, weights: Tensors, batch: Texts) -> Encoded:
    table = weights["embed.table.weight"]
    known = below(graph, batch.ids, len(table))
    vectors = graph.gather(graph.constant(table, "embed.table.weight"), known)
    if config.encoder == "token":
        return Plain(batch, vectors)
    if config.encoder == "conv":
        return convolved(graph, config, weights, vectors, batch)
    if config.encoder == "transformer":
        return transformer(graph, config, weights, vectors, batch)
    return recurrent(graph, config, weights, vectors, batch)


def _query(graph: Graph, weights: Tensors, encoded: Encoded) -> Value:
    """(1, 1, H) learned, or (B, 1, H) the encoder's final states."""
    if encoded.final is None or "query" in weights:
        return graph.constant(weights["query"][None, None], "query")
    return encoded.final


def _beside(graph: Graph, plan: Plan, batch: Texts, read: Read) -> dict[str, Value]:
    """The outputs with n-gram evidence added, by name."""
    bias = plan.weights["evidence.bias"]
    if len(plan.weights["evidence.known.keys"]):
        shown = evidence(graph, plan.weights, plan.kinds, plan.length, batch)
    else:
        nothing = graph.op("Mul", read.contributions, graph.constant(0.0))
        shown = Shown(graph.sum(nothing, 1), nothing)
    base = graph.constant(bias, "evidence.bias")
    return {
        "logits": graph.op("Sum", read.logits, shown.logits, base),
        "weights": read.weights,
        "contributions": graph.op("Add", read.contributions, shown.contributions),
        "base": graph.op("Add", read.base, base),
        "evidence": shown.logits,
    }
