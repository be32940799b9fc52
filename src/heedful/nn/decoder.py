"""The decoder: writes a sequence token by token, looking at the source at every step.

Step i (Bahdanau, Cho & Bengio 2015, section 3.1, with the order of its appendix):

    q_i = s_(i-1), or the vector e_(i-1) of the last output token
    c_i = sum_t a_it h_t,  a_i = softmax_t score(q_i, h_t)
    s_i = RNN([c_i; e_(i-1); r_(i-1)], s_(i-1)),  e and r where they are fed
    r_i = tanh(W [s_i; c_i; e_(i-1)])  (the readout), or s_i itself
    p(y_i) = softmax(V r_i + b)

With the context alone fed and no readout this is y_i = RNN(c_i), y_0 = 0.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from heedful.config import ModelConfig, SequenceConfig
from heedful.nn.attend import attend, build_score
from heedful.nn.cell import StepCell
from heedful.nn.cross_entropy import Judged, judge
from heedful.nn.dropout import Dropout
from heedful.nn.local import Everywhere, Local, Looked, Nowhere, Source
from heedful.text.vocab import START


class Carried(NamedTuple):
    """What the decoder carries from step to step.

    Attributes:
        hidden: per layer (B, U).
        memory: per layer (B, U), of width 0 for a GRU.
        fed: (B, R), the last readout; of width 0 without input feeding.
    """

    hidden: tuple[Tensor, ...]
    memory: tuple[Tensor, ...]
    fed: Tensor

    def rows(self, index: Tensor) -> "Carried":
        """These rows of the batch."""
        hidden = tuple(part[index] for part in self.hidden)
        return Carried(hidden, tuple(part[index] for part in self.memory), self.fed[index])


class Decoder(nn.Module):
    """See the module.

    Args:
        model: names the score function.
        sequence: all else.
        states: H, width of the encoder's states.
        final: F, width of its final states; 0 where it has none.
        tokens: V, the size of the target's vocabulary.
    """

    def __init__(
        self, model: ModelConfig, sequence: SequenceConfig, states: int, final: int, tokens: int
    ) -> None:
        super().__init__()
        self.config, units = sequence, sequence.units
        self.context = final if sequence.scope == "none" else states
        fed = sequence.feeds == "token"
        self.embed: nn.Embedding | None = None
        if fed or sequence.asks == "output" or sequence.tied:
            # y_0 = 0: the vector of START is zero and stays so.
            self.embed = nn.Embedding(tokens, sequence.target_embedding, padding_idx=START)
            nn.init.normal_(self.embed.weight, std=sequence.target_embedding**-0.5)
            with torch.no_grad():
                self.embed.weight[START].zero_()
        self.token = sequence.target_embedding if fed else 0
        self.feed = sequence.readout if sequence.input_feeding else 0
        asked = units if sequence.asks == "state" else sequence.target_embedding
        self.look: Everywhere | Local | Nowhere = _look(model, sequence, asked, states)
        widths = [self.context + self.token + self.feed] + [units] * (sequence.depth - 1)
        self.cells = nn.ModuleList(StepCell(sequence.cell, width, units) for width in widths)
        self.begin = nn.Linear(final, units) if sequence.start == "final" else None
        self.dropout = Dropout(sequence.decoder_dropout)
        inner = units + self.context + self.token
        self.readout = nn.Linear(inner, sequence.readout) if sequence.readout else None
        width = sequence.readout or units
        self.output = None if sequence.tied else nn.Linear(width, tokens, bias=False)
        self.bias = nn.Parameter(torch.zeros(tokens))

    @property
    def score(self) -> nn.Module | None:
        """The score function; None without attention."""
        return None if isinstance(self.look, Nowhere) else self.look.score

    @property
    def layers(self) -> list[StepCell]:
        """The cells, the first one first."""
        return [cell for cell in self.cells if isinstance(cell, StepCell)]

    def start(self, source: Source) -> Carried:
        """The state before the first step."""
        if self.begin is None:
            hidden = source.states.new_zeros(len(source.mask), self.config.units)
        else:
            hidden = torch.tanh(self.begin(source.final))
        memory = tuple(cell.empty(hidden) for cell in self.layers)
        return Carried((hidden,) * len(memory), memory, hidden.new_zeros(len(hidden), self.feed))

    def vectors(self, ids: Int[Tensor, "*rows"]) -> Float[Tensor, "*rows E"]:
        """Vectors of output tokens; of width 0 where nothing reads them."""
        if self.embed is None:
            return self.bias.new_zeros(*ids.shape, 0)
        found: Tensor = self.dropout(self.embed(ids))
        return found

    def step(
        self,
        carried: Carried,
        vector: Float[Tensor, "B E"],
        source: Source,
        step: int,
        ready: tuple[Looked, Tensor] | None = None,
    ) -> tuple[Carried, Looked, Float[Tensor, "B R"]]:
        """One step: what is carried on, where it looked, and the readout.

        Args:
            carried: from the step before.
            vector: of the token before.
            source: the source.
            step: the number of the step, from 0.
            ready: a look and the first layer's input, where they are known beforehand.
        """
        if ready is None:
            query = carried.hidden[-1] if self.config.asks == "state" else vector
            looked: Looked = self.look(query, source, step)
            pre = self.incoming(looked.context, vector, carried.fed)
        else:
            looked, pre = ready
        hidden: list[Tensor] = []
        memory: list[Tensor] = []
        for i, cell in enumerate(self.layers):
            above = cell.inputs(self.dropout(hidden[-1])) if i else pre
            state, kept = cell(above, carried.hidden[i], carried.memory[i])
            hidden.append(state)
            memory.append(kept)
        read = hidden[-1]
        if self.feed:
            read = self.read(read, looked.context, vector)
        return (
            Carried(tuple(hidden), tuple(memory), read if self.feed else carried.fed),
            looked,
            read,
        )

    def incoming(
        self,
        context: Float[Tensor, "*rows C"],
        vector: Float[Tensor, "*rows E"],
        fed: Float[Tensor, "*rows R"],
    ) -> Float[Tensor, "*rows P"]:
        """The first layer's inputs, multiplied."""
        parts = [self.dropout(context)]
        parts += [vector] if self.token else []
        parts += [fed] if self.feed else []
        pre: Tensor = self.layers[0].inputs(torch.cat(parts, dim=-1))
        return pre

    def read(
        self,
        state: Float[Tensor, "*rows U"],
        context: Float[Tensor, "*rows C"],
        vector: Float[Tensor, "*rows E"],
    ) -> Float[Tensor, "*rows R"]:
        """The readout r of states; the states themselves where there is none."""
        if self.readout is None:
            return state
        parts = [state, context, vector] if self.token else [state, context]
        return torch.tanh(self.readout(torch.cat(parts, dim=-1)))

    def logits(self, read: Float[Tensor, "*rows R"]) -> Float[Tensor, "*rows V"]:
        """One for each token of the target's vocabulary."""
        return nn.functional.linear(self.dropout(read), self._table(), self.bias)

    def judge(
        self,
        read: Float[Tensor, "N R"],
        truth: Int[Tensor, " N"],
        smoothing: float = 0.0,
        computing: torch.dtype = torch.float32,
    ) -> Judged:
        """What it thinks of the true tokens, see `cross_entropy.judge`; no logits are kept."""
        return judge(self.dropout(read), self._table(), self.bias, truth, smoothing, computing)

    def _table(self) -> Tensor:
        table = self.embed if self.output is None else self.output
        assert table is not None
        return table.weight

    def looks(
        self, vectors: Float[Tensor, "B U E"], source: Source
    ) -> tuple[Tensor, Tensor] | None:
        """Contexts (B, U, H) and weights (B, U, T) of all steps at once, where the query allows it.

        That is where it is the token before, which teacher forcing knows beforehand.
        """
        if self.config.asks == "state" or not isinstance(self.look, Everywhere):
            return None
        found = attend(vectors, source.states, source.mask, self.look.score)
        return found.context, found.weights


def _look(
    model: ModelConfig, sequence: SequenceConfig, asked: int, states: int
) -> Everywhere | Local | Nowhere:
    if sequence.scope == "none":
        return Nowhere()
    score = build_score(asked, states, model)
    if sequence.scope == "global":
        return Everywhere(score)
    return Local(score, asked, sequence.local_reach, sequence.scope)
