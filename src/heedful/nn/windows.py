"""Long sources: encoded in windows that slide over them, the windows merged again.

Windows of size w start at 0, s, 2s, ...; the last one is the first that reaches the end, so a
source of at most w tokens is one window and is read as without windows. Each is encoded as a text
of its own; a token's state is the mean over the windows it is in, and so are the final states.
Time grows with the number of windows, (T - w) / s; the encoder's working memory with what it
encodes at once, which without gradients is at most `AT_ONCE` tokens.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from heedful.nn.encode import Encoder, States

AT_ONCE = 16_384


class Windows(nn.Module):
    """An encoder that reads windows.

    Args:
        encoder: reads one.
        size: w, in tokens.
        step: s.
    """

    def __init__(self, encoder: Encoder, size: int, step: int) -> None:
        super().__init__()
        self.encoder, self.size, self.step = encoder, size, step
        self.width = encoder.width

    def forward(self, values: Float[Tensor, "B T E"], mask: Bool[Tensor, "B T"]) -> States:
        """States of the tokens, zero at padding, and final states."""
        if values.shape[1] <= self.size:
            found: States = self.encoder(values, mask)
            return found
        texts, begins = self._windows(mask.sum(dim=1))  # (N,), (N,)
        total = values.new_zeros(*mask.shape, self.width)
        counts = torch.zeros_like(mask, dtype=values.dtype)
        finals: list[Tensor] = []
        at_once = len(texts) if torch.is_grad_enabled() else max(1, AT_ONCE // self.size)
        for chosen in (slice(i, i + at_once) for i in range(0, len(texts), at_once)):
            rows = texts[chosen].unsqueeze(1)
            places = begins[chosen].unsqueeze(1) + torch.arange(self.size, device=mask.device)
            index = places.clamp(max=mask.shape[1] - 1)
            real = mask[rows, index] & (places < mask.shape[1])
            inside = self.encoder(values[rows, index] * real.unsqueeze(-1), real)
            states = inside.states.masked_fill(~real.unsqueeze(-1), 0.0)
            rows = rows.expand_as(index)
            total = total.index_put((rows, index), states, accumulate=True)
            counts.index_put_((rows, index), real.to(values.dtype), accumulate=True)
            if inside.final is not None:
                finals.append(inside.final)
        merged = total / counts.clamp(min=1).unsqueeze(-1)
        return States(merged, self._mean(finals, texts, len(mask)))

    def _windows(self, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Of each window, which text it is of and where it begins; a text's in a row."""
        further = (lengths - self.size).clamp(min=0)
        number = 1 + (further + self.step - 1) // self.step  # of each text
        texts = torch.arange(len(lengths), device=lengths.device).repeat_interleave(number)
        before = (number.cumsum(0) - number)[texts]
        return texts, (torch.arange(len(texts), device=lengths.device) - before) * self.step

    @staticmethod
    def _mean(finals: list[Tensor], texts: Tensor, count: int) -> Tensor | None:
        if not finals:
            return None
        every = torch.cat(finals)
        total = every.new_zeros(count, every.shape[1]).index_add(0, texts, every)
        number = torch.bincount(texts, minlength=count).unsqueeze(1)
        return total / number
