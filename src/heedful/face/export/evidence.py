"""N-gram evidence (nn/evidence.py) as ONNX operations: token ids in, log-odds and shares out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from heedful.face.export.grams import Group, frames, grams, words
from heedful.face.export.graph import FLOAT, INT, Graph, Value
from heedful.face.export.lookup import look_up
from heedful.face.export.scores import Tensors
from heedful.face.export.texts import Texts
from heedful.nn.grams import Kinds
from heedful.nn.lookup import ABSENT
from heedful.text.vocab import UNK


class Shown(NamedTuple):
    """What the evidence of a batch is, its base left out.

    Attributes:
        logits: (B, C), what the contributions sum to.
        contributions: (B, T, C).
    """

    logits: Value
    contributions: Value


def evidence(graph: Graph, weights: Tensors, kinds: Kinds, length: float, batch: Texts) -> Shown:
    """The evidence of each text and of each token.

    Args:
        graph: to write to.
        weights: of the network, those of the evidence among them; at least one group is known.
        kinds: which groups of words are looked for.
        length: exponent of the text's length.
        batch: the texts.
    """
    rows, steps = _rows(graph, weights, kinds, batch)
    weight = weights["evidence.weight"]
    table = graph.constant(weight, "evidence.weight")
    least = graph.cast(graph.op("Max", batch.lengths, graph.constant(1)), FLOAT)
    scale = graph.unsqueeze(graph.op("Pow", least, graph.constant(-float(length))), 1)
    share = graph.op("Mul", _shares(graph, rows), scale)  # (B, N)
    found = graph.gather(table, graph.op("Max", rows, graph.constant(0)))
    parts = graph.op("Mul", found, graph.unsqueeze(share, 2))  # (B, N, C)
    logits = graph.sum(parts, 1)
    by_kind = graph.reshape(parts, 0, len(steps), -1, weight.shape[1])  # (B, K, T, C)
    return Shown(logits, _handed_out(graph, by_kind, steps))


def _rows(
    graph: Graph, weights: Tensors, kinds: Kinds, batch: Texts
) -> tuple[Value, list[tuple[int, ...]]]:
    """(B, K T) rows of the weights, kind by kind, `ABSENT` for none; steps of each kind."""
    parts, real = weights["evidence.parts"], graph.cast(batch.mask, INT)
    plain = below(graph, batch.ids, len(parts))
    found: list[Group] = grams(graph, words(graph, plain, real), kinds)
    table = weights.get("evidence.frames")
    if table is not None:
        known = below(graph, batch.ids, len(table))
        framed = graph.cast(graph.gather(graph.constant(table, "evidence.frames"), known), INT)
        found += frames(graph, words(graph, framed, real))
    keys, bits = weights["evidence.known.keys"], int(weights["evidence.folded"])
    asked = graph.concat([group.keys for group in found], 1)
    rows, steps = look_up(graph, keys, bits, asked), [group.steps for group in found]
    if not parts.shape[1]:
        return rows, steps
    inner = graph.gather(graph.constant(parts, "evidence.parts"), plain)  # (B, T, M)
    real3 = graph.unsqueeze(batch.mask, 2)
    inner = graph.op("Where", real3, graph.cast(inner, INT), graph.constant(ABSENT))
    by_place = graph.reshape(graph.transpose(inner, 0, 2, 1), 0, -1)
    return graph.concat([rows, by_place], 1), steps + [(0,)] * parts.shape[1]


def below(graph: Graph, ids: Value, size: int) -> Value:
    """Ids, with the unknown token for those of `size` and more."""
    inside = graph.op("Less", ids, graph.constant(size))
    return graph.op("Where", inside, ids, graph.constant(UNK))


def _shares(graph: Graph, rows: Value) -> Value:
    """(B, N) 1 / how often the row occurs in its text; 0 for `ABSENT`."""
    size = graph.op("Shape", rows, attributes={"start": 1, "end": 2})
    ordering = {"axis": 1, "largest": 0, "sorted": 1}
    ordered, order = graph.several("TopK", [rows, size], 2, ordering)
    same = graph.op("Equal", graph.slice(ordered, 1, 1), graph.slice(ordered, 1, 0, -1))
    changes = graph.cast(graph.op("Not", same), INT)
    changes = graph.op("Pad", changes, graph.constant([0, 1, 0, 0]))
    group = graph.op("CumSum", changes, graph.constant(1))
    nothing = graph.op("Mul", graph.cast(rows, FLOAT), graph.constant(0.0))
    one = graph.op("Add", nothing, graph.constant(1.0))
    adding = {"axis": 1, "reduction": "add"}
    sizes = graph.op("ScatterElements", nothing, group, one, attributes=adding)
    count = graph.op("GatherElements", sizes, group, attributes={"axis": 1})
    held = graph.cast(graph.op("Greater", ordered, graph.constant(ABSENT)), FLOAT)
    share = graph.op("Div", held, count)
    return graph.op("ScatterElements", nothing, order, share, attributes={"axis": 1})


def _handed_out(graph: Graph, parts: Value, steps: list[tuple[int, ...]]) -> Value:
    """(B, T, C): each group's part in equal shares to its words, which stand at t + step."""
    found = []
    for step in sorted({step for places in steps for step in places}):
        of_step = [1 / len(places) if step in places else 0.0 for places in steps]
        weighed = np.array(of_step, np.float32)[:, None, None]
        moved = graph.sum(graph.op("Mul", parts, graph.constant(weighed)), 1)
        if step:
            moved = graph.op("Pad", moved, graph.constant([0, step, 0, 0, -step, 0]))
        found.append(moved)
    return found[0] if len(found) == 1 else graph.op("Sum", *found)
