"""From a scored text to an Explanation: attention and contributions on the user's characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from heedful.explain.fitted import model_of
from heedful.explain.found import Found
from heedful.explain.legend import ALWAYS
from heedful.explain.methods import check_maps, token_maps
from heedful.explain.shares import About, Arrays, explanation_of
from heedful.explain.whole_words import in_words
from heedful.learn.model import TextModel, scored, to_probabilities
from heedful.learn.reading import as_texts
from heedful.learn.transducer import SequenceTransducer
from heedful.nn.classify import Scored
from heedful.records import Example, Explanation, HeedfulError, Rewriting
from heedful.text.vocab import Encoded

# Texts explained at once: tokens and maps are Python objects, so memory is bounded by chunks.
CHUNK = 256


def explain(
    model: Any,
    text: str | Sequence[str],
    target: str | None = None,
    methods: Sequence[str] = (),
    *,
    pieces: bool = False,
) -> Explanation | list[Explanation] | Rewriting | list[Rewriting]:
    """Show what a decision rests on, or where a network that rewrites looks.

    Args:
        model: a `TextClassifier` or `TextModel`; or a `SequenceTransducer`, which knows no target
            and no methods.
        text: one text, or several.
        target: the class the map is about; None = the predicted one.
        methods: further maps of the target (of both classes of a binary model) beside attention
            and contribution: names of `legend.METHODS`. They are found in `maps`.
        pieces: of a model that reads pieces of words, one number a piece; else one a word.

    Returns:
        One Explanation (or Rewriting) for one text, a list for several. It draws itself in a
        notebook.

    Raises:
        HeedfulError: an unknown target class or method, a value that is no text, or a model
            that is not fitted.
    """
    texts = [text] if isinstance(text, str) else as_texts(text)
    if isinstance(model, SequenceTransducer):
        rewritten = _rewritten(model, texts, target, methods)
        return rewritten[0] if isinstance(text, str) else rewritten
    inner = model_of(model, "explain")
    name = None if target is None else str(target)  # classes_ may be numbers
    found = list(explain_examples(inner, [Example(t) for t in texts], name, methods))
    if not pieces:
        found = [in_words(inner, one) for one in found]
    return found[0] if isinstance(text, str) else found


def _rewritten(
    model: SequenceTransducer, texts: Sequence[str], target: str | None, methods: Sequence[str]
) -> list[Rewriting]:
    """The best rewriting of each text."""
    if target is not None or methods:
        raise HeedfulError(
            "a network that rewrites has no classes and one map, its alignment; explain it without "
            "target and methods"
        )
    return [best[0] for best in model.rewrite(texts)]


def explain_examples(
    model: TextModel,
    examples: Sequence[Example],
    target: str | None = None,
    methods: Sequence[str] = (),
) -> Iterator[Explanation]:
    """One Explanation per example, in order, with its label and gold spans carried along."""
    if target is not None and target not in model.labels.names:
        raise HeedfulError(
            f"unknown class {target!r}; the model knows {', '.join(model.labels.names)}"
        )
    check_maps(model.network, methods)
    further = [name for name in dict.fromkeys(methods) if name not in ALWAYS]
    for start in range(0, len(examples), CHUNK):
        yield from _explain_chunk(model, examples[start : start + CHUNK], target, further)


def _explain_chunk(
    model: TextModel, examples: Sequence[Example], target: str | None, further: Sequence[str]
) -> list[Explanation]:
    encoded = model.encode([example.text for example in examples])
    result: list[Explanation | None] = [None] * len(examples)
    for order, part in scored(model.network, encoded):
        for row, index in enumerate(order):
            one = Scored(
                part.logits[row],
                part.weights[row],
                part.contributions[row],
                part.base,
                part.evidence[row],
            )
            result[index] = _record(model, examples[index], encoded, int(index), one, target)
    explained = [explanation for explanation in result if explanation is not None]
    return _with_maps(model, encoded, explained, further) if further else explained


def _with_maps(
    model: TextModel, encoded: Encoded, explained: Sequence[Explanation], further: Sequence[str]
) -> list[Explanation]:
    """The explanations with further maps of their targets."""
    names = model.labels.names
    classes = np.array([names.index(one.target) for one in explained], np.int64)
    found = token_maps(model, encoded, classes, further)
    return [with_maps(model, one, maps) for one, maps in zip(explained, found, strict=True)]


def with_maps(model: TextModel, explanation: Explanation, found: dict[str, Found]) -> Explanation:
    """The explanation with further maps of its target (binary: of both classes)."""
    signs = {explanation.target: 1.0}
    if model.task == "binary":  # one logit: the other class has the mirror image
        signs = {n: 1.0 if n == explanation.target else -1.0 for n in model.labels.names}
    maps = {
        method: {name: tuple((sign * one.values).tolist()) for name, sign in signs.items()}
        for method, one in found.items()
    }
    missing = {
        method: {name: sign * one.missing for name, sign in signs.items()}
        for method, one in found.items()
        if one.missing is not None
    }
    return replace(explanation, maps=maps, missing=missing)


def _record(
    model: TextModel,
    example: Example,
    encoded: Encoded,
    index: int,
    one: Scored,
    target: str | None,
) -> Explanation:
    tokens = model.tokens(example.text)
    arrays = Arrays(*(part.double().numpy() for part in one))
    network = model.network
    about = About(model.labels, network.attends, network.evidence is not None, target)
    row = to_probabilities(one.logits.double().numpy()[None, :].astype(np.float32), model.task)
    here = slice(index, index + 1)
    (prediction,) = model.to_predictions(
        row, np.array([len(tokens)]), encoded.unknown[here], encoded.cut[here]
    )
    return explanation_of(example, tokens, prediction, arrays, about)
