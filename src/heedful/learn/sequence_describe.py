"""The layer table of a network that rewrites, as `learn.describe` makes it of a classifier."""

from __future__ import annotations

from dataclasses import replace

from heedful.config import SequenceConfig
from heedful.learn.describe import Layer, encoder_rows, parameters
from heedful.learn.sequence_model import SequenceModel
from heedful.nn.windows import Windows


def describe_sequence(model: SequenceModel) -> list[Layer]:
    """The network as rows, Embed -> Encode -> (Attend -> Decode). B texts, T tokens, U written."""
    network, config, sequence = model.network, model.config.model, model.config.sequence
    table, decoder = network.embed.table, network.decoder
    rows = [
        Layer(
            "embed",
            f"{table.num_embeddings:,} {sequence.source_unit}s x {table.embedding_dim}",
            f"(B, T, {table.embedding_dim})",
            parameters(network.embed),
        ),
        *_encoder_rows(model),
    ]
    asks = "decoder's state" if sequence.asks == "state" else "last token written"
    looks = f"{config.attention} score, {sequence.scope}, query: {asks}"
    if sequence.scope == "none":
        looks = "no attention: the encoder's final state"
    shape = f"{_weights(sequence)}(B, U, {decoder.context}) contexts"
    rows.append(Layer("attend", looks, shape, parameters(decoder.look)))
    fed = "the context" if sequence.feeds == "context" else "the context and the last token"
    cells = sum(map(parameters, decoder.layers)) + parameters(decoder.begin)
    if decoder.embed is not None:
        cells += 0 if sequence.tied else parameters(decoder.embed)
    rows += [
        Layer("decode", f"{sequence.cell.upper()}, fed {fed}", f"(B, U, {sequence.units})", cells)
        for _ in decoder.layers[:1]
    ]
    return [*rows, _write_row(model)]


def _encoder_rows(model: SequenceModel) -> list[Layer]:
    """One a layer; the first tells of the windows it reads, if there are any."""
    encoder, sequence = model.network.encoder, model.config.sequence
    if not isinstance(encoder, Windows):
        return encoder_rows(encoder)
    inner = encoder_rows(encoder.encoder)
    what = f", windows of {sequence.source_window}, {sequence.window_step} apart"
    return [replace(row, what=row.what + what) for row in inner[:1]] + inner[1:]


def _weights(sequence: SequenceConfig) -> str:
    """How many attention weights there are for each token that is written."""
    if sequence.scope == "none":
        return ""
    seen = "T" if sequence.scope == "global" else f"{2 * sequence.local_reach + 1}"
    return f"(B, U, {seen}) weights, "


def _write_row(model: SequenceModel) -> Layer:
    sequence, decoder = model.config.sequence, model.network.decoder
    count = parameters(decoder.readout) + parameters(decoder.output) + parameters(decoder.bias)
    if sequence.tied:
        count += parameters(decoder.embed)
    head = f"readout {sequence.readout}, " if sequence.readout else ""
    tied = " (tied to the target's vectors)" if sequence.tied else ""
    what = f"{head}softmax over {len(model.target):,} {sequence.target_unit}s{tied}"
    return Layer("write", what, f"(B, U, {len(model.target)})", count)
