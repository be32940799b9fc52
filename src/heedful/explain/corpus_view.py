"""The corpus seen as a whole: what carries each class, where attention goes, what changed.

Contributions and attention are those of the default heat map, added up over all texts while
these are scored; nothing is kept of a single text. `explain.carriers` has the rules of the lists,
`explain.corpus_records` every field. As JSON (`CorpusView.to_json`):

    texts, tokens, task, language, min_texts
    classes    by class name:
        decided                     texts decided for it
        words, phrases, against     lists of {text, total, mean, per_text, strength, occurrences,
                                    texts, share, decided, parts, examples}
        both_ways                   list of {text, strength, texts, pro, con, pro_mean, con_mean,
                                    pro_example, con_example}
        an example is               {source, row, before, match, after, value}
    shares     list of {kind, count, tokens, attention, contribution}
    positions  {texts, least, attention, contribution (ten numbers each), first_attention,
               first_contribution, last_attention, last_contribution (five numbers each)}
    change     null, or {same_classes, words (by class: {text, before, after, strength, texts}),
               compared, correlation (by class), new, lost (pairs of word and texts), new_words,
               lost_words, changed, changed_share, flipped ({source, row, excerpt, before, after,
               before_probability, after_probability})}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from heedful.explain.carriers import Limits, class_view, names_of_units, snipper
from heedful.explain.corpus_change import Read, change
from heedful.explain.corpus_records import CorpusView, Positions, Share
from heedful.explain.phrases import Index, find_phrases, is_word, joined
from heedful.explain.tally import LONG_ENOUGH, Reading, Tally
from heedful.learn.model import TextModel, scored, to_probabilities
from heedful.nn.classify import Scored
from heedful.records import Example, HeedfulError
from heedful.text.stopwords import LANGUAGES, stop_words
from heedful.text.vocab import RESERVED, UNK

LONGEST = 50
"""Entries of a list, unless asked for more."""
LEAST_STOP_WORDS = 0.1
"""Share of the tokens that a language's stop words must reach for it to be the language."""

Told = Callable[[int, int], None]


def corpus_view(
    model: TextModel,
    examples: Sequence[Example],
    *,
    limit: int = LONGEST,
    min_texts: int | None = None,
    against: TextModel | None = None,
    told: Told | None = None,
) -> CorpusView:
    """What a model makes of a corpus. Labels are not looked at.

    Args:
        model: the run.
        examples: the texts.
        limit: entries of a list.
        min_texts: texts that must hold a word or phrase; None: `usual_min_texts`.
        against: an earlier run, to be compared with.
        told: hears (texts scored, texts in all) as the work goes on, for each run.

    Raises:
        HeedfulError: no texts.
    """
    if not examples:
        raise HeedfulError("there are no texts to look at; give data with at least one row")
    least = usual_min_texts(len(examples)) if min_texts is None else min_texts
    limits = Limits(limit, least)
    read = read_corpus(model, examples, least, told=told)
    tally = read.tally
    names = names_of_units(model.vocabulary.tokens, tally.phrases)
    snip = snipper(model, examples, tally)
    language = language_of(model, tally)
    views = {
        name: class_view(tally, way, _decided(read, name), names, snip, limits)
        for name, way in read.ways.items()
    }
    other = None
    if against is not None:
        other = read_corpus(against, examples, least, phrases=False, told=told)
    return CorpusView(
        texts=len(examples),
        tokens=len(tally.encoded.ids),
        task=model.task,
        language=language,
        min_texts=least,
        classes=views,
        shares=shares_of(model, tally, language),
        positions=positions_of(tally.reading, attends=model.network.attends),
        change=None if other is None else change(other, read, examples, limits),
    )


def usual_min_texts(texts: int) -> int:
    """5 for 500 texts and more; down to 2 for fewer, and more from 12,000 texts on."""
    return max(2, min(5, texts // 100), texts // 2000)


def read_corpus(
    model: TextModel,
    examples: Sequence[Example],
    min_texts: int,
    *,
    phrases: bool = True,
    told: Told | None = None,
) -> Read:
    """Score all texts and add up what they rest on; without phrases it is a little faster."""
    texts = [example.text for example in examples]
    encoded = model.encode(texts)
    named = encoded.below(len(model.vocabulary))
    found = find_phrases(named, joined(model, texts, named), min_texts) if phrases else None
    tally = Tally(named, texts, len(model.vocabulary), found)
    tally.add_all(_telling(scored(model.network, encoded), len(texts), told))
    probabilities = to_probabilities(tally.logits.astype(np.float32), model.task)
    ways = tally.ways
    if model.task == "binary":  # one logit, for the second class; the first is its mirror image
        ways = [ways[0].mirrored(), ways[0]]
    by_class = dict(zip(model.labels.names, ways, strict=True))
    return Read(model, tally, by_class, probabilities, model.decided(probabilities))


def _telling(
    parts: Iterator[tuple[Index, Scored]], total: int, told: Told | None
) -> Iterator[tuple[Index, Scored]]:
    done = 0
    for order, part in parts:
        yield order, part
        done += len(order)
        if told:
            told(done, total)


def _decided(read: Read, name: str) -> np.ndarray:
    return np.array([name in labels for labels in read.labels], np.bool_)


def language_of(model: TextModel, tally: Tally) -> str | None:
    """The language whose stop words make up most of the texts; None where they are too few.

    The model's own, where it has one for stop words or lemmas and there is a list for it.
    """
    config = model.config.text
    for own in (config.stop_words, config.lemmas):
        if own in LANGUAGES:
            return own
    counts = tally.occurrences[: tally.vocabulary]
    tokens = [token.lower() for token in model.vocabulary.tokens]
    best, most = None, LEAST_STOP_WORDS * max(int(counts.sum()), 1)
    for language in LANGUAGES:
        listed = stop_words(language, keep_negations=True)
        found = sum(int(n) for n, token in zip(counts, tokens, strict=True) if token in listed)
        if found >= most and found > 0 and (best is None or found > most):
            best, most = language, found
    return best


def shares_of(model: TextModel, tally: Tally, language: str | None) -> tuple[Share, ...]:
    """Attention and contributions by kind of token. Negations count as content.

    Padding is measured from what the network gives on it, not assumed.
    """
    reading, vocabulary = tally.reading, model.vocabulary.tokens
    stops = stop_words(language, keep_negations=True) if language else frozenset()
    word = is_word(vocabulary)
    stop = np.array([token.lower() in stops for token in vocabulary]) & word
    reserved = np.arange(len(vocabulary)) < len(RESERVED)
    unknown = np.arange(len(vocabulary)) == UNK
    kinds = {
        "content": word & ~stop,
        "stop word": stop,
        "punctuation": ~word & ~reserved,
        "unknown": unknown,
    }
    counts = tally.occurrences[: tally.vocabulary]
    empty, attention, contribution = reading.padding
    wholes = [
        float(counts.sum()) or 1.0,
        float(reading.attention.sum()) + attention or 1.0,
        float(reading.contribution.sum()) + contribution or 1.0,
    ]
    columns = (counts, reading.attention, reading.contribution)
    rows = []
    for kind, of in kinds.items():
        parts = [float(c[of].sum()) / whole for c, whole in zip(columns, wholes, strict=True)]
        rows.append(Share(kind, int(counts[of].sum()), *parts))
    rows.append(Share("padding", empty, 0.0, attention / wholes[1], contribution / wholes[2]))
    known = model.network.attends
    return tuple(row if known else replace(row, attention=None) for row in rows)


def positions_of(reading: Reading, *, attends: bool = True) -> Positions:
    """Means over the texts that are long enough; empty where none is."""
    count = reading.long_texts

    def means(values: np.ndarray, *, known: bool = True) -> tuple[float, ...]:
        return tuple((values / count).tolist()) if count and known else ()

    return Positions(
        texts=count,
        least=LONG_ENOUGH,
        attention=means(reading.tenths[0], known=attends),
        contribution=means(reading.tenths[1]),
        first_attention=means(reading.first[0], known=attends),
        first_contribution=means(reading.first[1]),
        last_attention=means(reading.last[0], known=attends),
        last_contribution=means(reading.last[1]),
    )
