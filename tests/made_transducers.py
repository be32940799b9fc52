"""Small networks that rewrite, and batches for them, that several tests share."""

from __future__ import annotations

import torch

from heedful.config import ModelConfig, SequenceConfig
from heedful.nn.transduce import Transducer

SOURCES, TARGETS = 20, 11


def network(seed: int = 0, scale: float = 2.0, **settings: object) -> Transducer:
    """A small network with large random weights, so that its outputs differ; `m_...` is model's."""
    model = {k[2:]: v for k, v in settings.items() if k.startswith("m_")}
    own = {k: v for k, v in settings.items() if not k.startswith("m_")}
    small = {"embedding": 5, "hidden": 4, "attention": "additive", "attention_width": 3}
    sequence = {"units": 8, "readout": 6, "target_embedding": 6}
    torch.manual_seed(seed)
    made = Transducer(
        ModelConfig(**(small | model)), SequenceConfig(**(sequence | own)), SOURCES, TARGETS
    )
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(scale)
    return made.eval()


def batch(rows: int = 6, longest: int = 9, seed: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids (B, T) of sources of 1 to `longest` tokens, the first the longest, and their mask."""
    random = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, SOURCES, (rows, longest), generator=random)
    lengths = torch.randint(1, longest + 1, (rows,), generator=random)
    lengths[0] = longest
    mask = torch.arange(longest) < lengths.unsqueeze(1)
    return ids.masked_fill(~mask, 0), mask


def targets(rows: int = 6, length: int = 5, seed: int = 4) -> torch.Tensor:
    """Ids (B, U) to write."""
    random = torch.Generator().manual_seed(seed)
    return torch.randint(3, TARGETS, (rows, length), generator=random)
