"""The corpus seen as a whole, as records: words, phrases, shares, positions, changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from heedful.records import Task


@dataclass(frozen=True, slots=True)
class Snippet:
    """One place in the data, in the user's own characters.

    Attributes:
        source: the file it stands in.
        row: its row there, the first data row being 1.
        before, match, after: the word or phrase with some text around it; a side that was cut
            begins or ends with "…".
        value: what it contributes there to the class that the list is about, in log-odds.
    """

    source: str
    row: int
    before: str
    match: str
    after: str
    value: float


@dataclass(frozen=True, slots=True)
class Pull:
    """How a word or phrase moves one class over all texts. Contributions are in log-odds.

    Attributes:
        text: the word; a phrase's words with blanks between.
        total: the sum of its contributions.
        mean: total / occurrences: what it adds each time it stands in a text.
        per_text: total / texts: what it adds to a text that holds it.
        strength: what lists are sorted by.
        occurrences: how often it stands in the texts.
        texts: how many of them hold it.
        share: the share of the texts decided for the class that hold it.
        decided: the share of the texts that hold it that are decided for the class.
        parts: a phrase: the mean that its parts tell of it (`explain.carriers`); None for a word.
        examples: the places where it pulls hardest, at most one in each third of the texts.
    """

    text: str
    total: float
    mean: float
    per_text: float
    strength: float
    occurrences: int
    texts: int
    share: float
    decided: float
    parts: float | None
    examples: tuple[Snippet, ...]


@dataclass(frozen=True, slots=True)
class BothWays:
    """A word that speaks for a class in some places and against it in others.

    Attributes:
        text: the word.
        strength: what the list is sorted by.
        texts: how many texts hold it.
        pro, con: places where its contribution is above 0, and below.
        pro_mean, con_mean: the mean contribution in these places.
        pro_example, con_example: the place where it pulls hardest, each way.
    """

    text: str
    strength: float
    texts: int
    pro: int
    con: int
    pro_mean: float
    con_mean: float
    pro_example: Snippet | None
    con_example: Snippet | None


@dataclass(frozen=True, slots=True)
class ClassView:
    """What carries one class.

    Attributes:
        decided: how many texts are decided for it.
        words: the words that speak for it, strongest first.
        phrases: the phrases that speak for it by more than their parts.
        against: the words that speak against it.
        both_ways: the words that do both.
    """

    decided: int
    words: tuple[Pull, ...]
    phrases: tuple[Pull, ...]
    against: tuple[Pull, ...]
    both_ways: tuple[BothWays, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the reading goes to one kind of token; shares are 0 to 1.

    Attributes:
        kind: content, stop word, punctuation, unknown or padding.
        count: how many tokens are of this kind; padding: empty places in the batches.
        tokens: share of all real tokens; padding has none.
        attention: share of all attention; None where there is no attention network.
        contribution: share of all absolute contributions, summed over classes.
    """

    kind: str
    count: int
    tokens: float
    attention: float | None
    contribution: float


@dataclass(frozen=True, slots=True)
class Positions:
    """How strongly each place of a text is read; 1 = as if all were read alike.

    A token's attention times the number of tokens; likewise its absolute contribution over the
    text's mean. Each text counts once.

    Attributes:
        texts: how many texts are long enough.
        least: tokens that a text needs for it.
        attention, contribution: by tenth of the text. Without an attention network what is said
            of attention is empty.
        first_attention, first_contribution: the first tokens, from the start.
        last_attention, last_contribution: the last tokens, the last one last.
    """

    texts: int
    least: int
    attention: tuple[float, ...]
    contribution: tuple[float, ...]
    first_attention: tuple[float, ...]
    first_contribution: tuple[float, ...]
    last_attention: tuple[float, ...]
    last_contribution: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WordChange:
    """A word in two runs: its mean contribution, in log-odds, and texts that hold it."""

    text: str
    before: float
    after: float
    strength: float
    texts: int


@dataclass(frozen=True, slots=True)
class Flipped:
    """A text that two runs decide differently; probabilities are those of the own decision."""

    source: str
    row: int
    excerpt: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    before_probability: float
    after_probability: float


@dataclass(frozen=True, slots=True)
class Change:
    """What changed from one run (before) to another (after) on the same texts.

    Attributes:
        same_classes: whether both know the same classes; if not, nothing of a class is compared.
        words: by class, the words whose mean contribution changed most.
        compared: words that both know and that stand in enough texts.
        correlation: by class, Spearman's rank correlation of these words' mean contributions;
            None where it is not defined (fewer than two words, or all alike).
        new, lost: words of these texts that only the later or only the earlier run knows, with
            the number of texts, the most frequent first; as many as asked for.
        new_words, lost_words: how many there are.
        changed: how many texts are decided differently.
        changed_share: as a share of all texts.
        flipped: some of these texts, the surest first.
    """

    same_classes: bool
    words: Mapping[str, tuple[WordChange, ...]]
    compared: int
    correlation: Mapping[str, float | None]
    new: tuple[tuple[str, int], ...]
    lost: tuple[tuple[str, int], ...]
    new_words: int
    lost_words: int
    changed: int
    changed_share: float
    flipped: tuple[Flipped, ...]


@dataclass(frozen=True, slots=True)
class CorpusView:
    """A corpus as one model reads it.

    Attributes:
        texts: how many texts.
        tokens: how many tokens of them were read.
        task: binary, multi-class or multi-label.
        language: whose stop words were counted; None where no list fits the texts.
        min_texts: a word or phrase is listed when so many texts hold it.
        classes: by class name, in class order. A binary model has one logit, so its first class
            is the mirror of the second.
        shares: by kind of token; each column sums to 1.
        positions: where in a text the reading goes.
        change: against an earlier run, where one was given.
    """

    texts: int
    tokens: int
    task: Task
    language: str | None
    min_texts: int
    classes: Mapping[str, ClassView]
    shares: tuple[Share, ...]
    positions: Positions
    change: Change | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers; the keys are the attributes of the records."""
        plain: dict[str, Any] = asdict(self)
        return plain
