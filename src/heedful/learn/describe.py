"""The layer table of a network: what each part is, what it gives out, how much it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from heedful.learn.model import TextModel
from heedful.nn.encode import ConvEncoder, RecurrentEncoder, TransformerEncoder
from heedful.nn.pretrained import PretrainedEncoder
from heedful.nn.recurrent import Recurrent
from heedful.nn.transformer import Block


@dataclass(frozen=True)
class Layer:
    """One row of the table: stage, what it is, the shape it gives, its parameters."""

    stage: str
    what: str
    shape: str
    parameters: int


def parameters(module: nn.Module | nn.Parameter | None) -> int:
    """Number of values that were learnt."""
    if module is None:
        return 0
    if isinstance(module, nn.Parameter):
        return module.numel()
    return sum(p.numel() for p in module.parameters())


def describe(model: TextModel) -> list[Layer]:
    """The network as rows, Embed -> Encode -> Attend -> Predict. B texts, T tokens each.

    N-gram evidence, whose logits are added to those of the attention network, stands before
    Predict. Without an attention network there are no rows for one.
    """
    reading = _attention_rows(model) if model.network.attends else []
    return [*reading, *_evidence_rows(model), _predict_row(model)]


def _attention_rows(model: TextModel) -> list[Layer]:
    network, config = model.network, model.config.model
    embed = network.embed.table
    rows = [
        Layer(
            "embed",
            f"{embed.num_embeddings:,} tokens x {embed.embedding_dim}",
            f"(B, T, {embed.embedding_dim})",
            parameters(embed),
        )
    ]
    rows += encoder_rows(network.encode)
    width = network.encode.width
    query = "the encoder's final states" if network.query is None else "a learned vector"
    rows.append(
        Layer(
            "attend",
            f"{config.attention} score, query: {query}",
            f"(B, T) weights, (B, {width}) context",
            parameters(network.score) + parameters(network.query),
        )
    )
    if network.peak is not None:
        what = "largest value of each unit, linear"
        rows.append(Layer("pool", what, f"(B, {network.classes})", parameters(network.peak)))
    return rows


def _evidence_rows(model: TextModel) -> list[Layer]:
    evidence = model.network.evidence
    if evidence is None:
        return []
    return [Layer("evidence", str(evidence), f"(B, {evidence.classes})", parameters(evidence))]


def _predict_row(model: TextModel) -> Layer:
    network, config = model.network, model.config.model
    classes = len(model.labels.names)
    logits = 1 if model.task == "binary" else classes
    activation = "softmax" if model.task == "multi-class" else "sigmoid"
    head = "linear" if config.head == "linear" else f"dense {config.head_width} + linear"
    if not network.attends:
        head = "evidence + constant"
    elif network.evidence is not None:
        head += " + evidence"
    what = f"{head}, {activation}, {classes} labels"
    return Layer("predict", what, f"(B, {logits})", parameters(network.head))


def encoder_rows(encoder: nn.Module) -> list[Layer]:
    """A row for each layer of an encoder."""
    if isinstance(encoder, ConvEncoder):
        return [
            Layer(
                "encode",
                f"convolution over {' and '.join(map(str, encoder.windows))} tokens, ReLU",
                f"(B, T, {encoder.width})",
                sum(map(parameters, layer)),
            )
            for layer in encoder.layers()
        ]
    if isinstance(encoder, PretrainedEncoder):
        return [_transformer_row(encoder)]
    if isinstance(encoder, RecurrentEncoder):
        return [
            Layer(
                "encode",
                f"{_cell(layer)}, {_directions(layer)}",
                f"(B, T, {layer.width})",
                parameters(layer),
            )
            for layer in encoder.layers
            if isinstance(layer, Recurrent)
        ]
    if isinstance(encoder, TransformerEncoder):
        return _transformer_rows(encoder)
    return [Layer("encode", "token (no context)", f"(B, T, {encoder.width})", 0)]


def _transformer_rows(encoder: TransformerEncoder) -> list[Layer]:
    """One a block; the first holds the way in, the last the norm behind it."""
    inner, shape = encoder.transformer, f"(B, T, {encoder.width})"
    more = [0] * len(inner.blocks)
    more[0] += parameters(inner.enter)
    more[-1] += parameters(inner.norm)
    return [
        Layer("encode", f"transformer block, {_heads(block)}", shape, parameters(block) + extra)
        for block, extra in zip(inner.blocks, more, strict=True)
    ]


def _heads(block: nn.Module) -> str:
    count = block.attention.heads if isinstance(block, Block) else 0
    return f"{count} head{'s' if count != 1 else ''}"


def _transformer_row(encoder: PretrainedEncoder) -> Layer:
    """A pre-trained transformer, its table of token vectors left out: that is in the row before."""
    about: Any = encoder.body.config
    table: Any = encoder.body.get_input_embeddings()  # type: ignore[operator]
    how = "frozen" if encoder.rate is None else "fine-tuned"
    what = f"{about.model_type}, {about.num_hidden_layers} layers, pre-trained, {how}"
    count = parameters(encoder.body) - parameters(table)
    return Layer("encode", what, f"(B, T, {encoder.width})", count)


def _cell(layer: Recurrent) -> str:
    rnn = layer.forwards.rnn
    cell = getattr(rnn, "cell", None) or type(rnn).__name__
    return str(cell).upper()


def _directions(layer: Recurrent) -> str:
    return "both directions" if layer.backwards is not None else "forwards"
