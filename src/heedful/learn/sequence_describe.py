"""The layer table of a network that rewrites, as `learn.describe` makes it of a classifier."""

from __future__ import annotations

from heedful.learn.describe import Layer, encoder_rows, parameters
from heedful.learn.sequence_model import SequenceModel


def describe_sequence(model: SequenceModel) -> list[Layer]:
    """The network as rows, Embed -> Encode -> (Attend -> Decode). B texts, T tokens, U written."""
    network, config, sequence = model.network, model.config.model, model.config.sequence
    table, decoder = network.embed.table, network.decoder
    encoder = getattr(network.encoder, "encoder", network.encoder)
    rows = [
        Layer(
            "embed",
            f"{table.num_embeddings:,} {sequence.source_unit}s x {table.embedding_dim}",
            f"(B, T, {table.embedding_dim})",
            parameters(network.embed),
        ),
        *encoder_rows(encoder),
    ]
    asks = "decoder's state" if sequence.asks == "state" else "last token written"
    looks = f"{config.attention} score, {sequence.scope}, query: {asks}"
    if sequence.scope == "none":
        looks = "no attention: the encoder's final state"
    width = f"(B, U, {decoder.context}) contexts"
    rows.append(Layer("attend", looks, width, parameters(decoder.score)))
    fed = "the context" if sequence.feeds == "context" else "the context and the last token"
    cells = sum(map(parameters, decoder.layers)) + parameters(decoder.begin)
    if decoder.embed is not None:
        cells += 0 if sequence.tied else parameters(decoder.embed)
    rows += [
        Layer("decode", f"{sequence.cell.upper()}, fed {fed}", f"(B, U, {sequence.units})", cells)
        for _ in decoder.layers[:1]
    ]
    return [*rows, _write_row(model)]


def _write_row(model: SequenceModel) -> Layer:
    sequence, decoder = model.config.sequence, model.network.decoder
    count = parameters(decoder.readout) + parameters(decoder.output) + parameters(decoder.bias)
    if sequence.tied:
        count += parameters(decoder.embed)
    head = f"readout {sequence.readout}, " if sequence.readout else ""
    tied = " (tied to the target's vectors)" if sequence.tied else ""
    what = f"{head}softmax over {len(model.target):,} {sequence.target_unit}s{tied}"
    return Layer("write", what, f"(B, U, {len(model.target)})", count)
