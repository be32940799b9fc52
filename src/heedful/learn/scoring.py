"""Examples to Scores: what the model, uniform attention and the linear baseline say of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heedful.learn.baseline import Baseline
from heedful.learn.model import TextModel, logits, logits_and_uniform, to_probabilities
from heedful.learn.scores import Scores, excerpt
from heedful.records import Example
from heedful.text.vocab import Encoded


def score_examples(
    model: TextModel,
    examples: Sequence[Example],
    baseline: Baseline | None,
    encoded: Encoded | None = None,
) -> Scores:
    """Score labelled examples.

    Args:
        model: who scores.
        examples: N rows with labels.
        baseline: the linear baseline, which scores them too.
        encoded: their texts as the model's ids, where these are there already.

    Raises:
        HeedfulError: a label that the model does not know; names file and row.
    """
    targets = model.labels.encode(examples)  # first: an unknown label is found at once
    texts = [example.text for example in examples]
    encoded = model.encode(texts) if encoded is None else encoded
    if model.network.attends:
        learned, uniform = logits_and_uniform(model.network, encoded)
    else:
        learned, uniform = logits(model.network, encoded), None
    probabilities = to_probabilities(learned, model.task)
    return Scores(
        labels=model.labels,
        sources=tuple(example.source for example in examples),
        rows=np.array([example.row for example in examples], np.int64),
        excerpts=tuple(excerpt(example) for example in examples),
        targets=targets,
        predicted=tuple(model.decided(probabilities)),
        tokens=encoded.lengths + encoded.cut,
        unknown=encoded.unknown,
        cut=encoded.cut,
        probabilities=probabilities,
        uniform=None if uniform is None else to_probabilities(uniform, model.task),
        baseline=None if baseline is None else baseline.probabilities(texts),
    )
