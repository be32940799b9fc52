"""What maps have of n-gram evidence: the same for every method that goes by slopes or sums."""

from __future__ import annotations

from torch import Tensor

from heedful.explain.outputs import class_logit
from heedful.nn.classify import Classifier
from heedful.records import Task


def evidence_map(
    network: Classifier, ids: Tensor, mask: Tensor, classes: Tensor, task: Task
) -> tuple[Tensor, Tensor]:
    """(B, T) n-gram evidence of each token for class `classes[b]`, and (B,) what it misses.

    The evidence is a sum over n-grams, each of which is there or not. Its slope in their
    presence times the presence, and its integral on the way from a text of unknown words, of
    which there is no evidence, are this sum itself: the contributions. What they miss of the
    evidence's part of the logit is rounding. Zeros where there is no evidence.
    """
    if network.evidence is None:
        none = mask.to(next(network.parameters()).dtype)
        return none * 0, none.new_zeros(len(ids))
    shown = network.evidence(ids, mask)
    width = ids.shape[1]
    flat = shown.contributions.flatten(0, 1)
    values = class_logit(flat, classes.repeat_interleave(width), task).view(ids.shape)
    said = class_logit(shown.logits - network.evidence.bias, classes, task)
    return values, said - values.sum(dim=1)
