"""The corpus seen as a whole, as tables for the terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

from heedful.explain.corpus_records import (
    BothWays,
    Change,
    CorpusView,
    Flipped,
    Positions,
    Pull,
    Share,
    Snippet,
)
from heedful.face.console import cell, show, stdout
from heedful.face.controls import harmless
from heedful.face.spelling import chance, listed, percent, signed

NO_WORD = "no word stands in enough texts and speaks for this class"
NO_PHRASE = "no phrase says clearly more than its words"
NO_BOTH = "no word pulls strongly both ways: words are read nearly alike wherever they stand"
NO_AGAINST = "no word stands in enough texts and speaks against this class"
BAR = 16  # cells of a bar
WORD = 28  # cells of a word or phrase
LEAST_ROOM = 16  # cells without which an example says nothing

Spot = Snippet | None


class About(NamedTuple):
    """What the runs and the data are called."""

    run: str
    against: str | None
    data: Sequence[str]


def show_view(view: CorpusView, about: About, limit: int) -> None:
    """Every part in reading order, at most `limit` entries of a list."""
    texts = "1 text" if view.texts == 1 else f"{view.texts:,} texts"
    _say(f"{about.run} on {', '.join(about.data)}: {texts}, {view.tokens:,} tokens", "bold")
    _say(
        "adds: what a word adds to the log-odds of the class each time it stands in a text, on "
        f"average; listed are words in {view.min_texts} texts or more"
    )
    for name, found in view.classes.items():
        title = f"{name}: {found.decided:,} texts decided so; words that speak for it"
        _show_pulls(found.words[:limit], title, NO_WORD, "word")
        title = f"{name}: phrases that say more than their words"
        _show_pulls(found.phrases[:limit], title, NO_PHRASE, "phrase")
        if view.task != "binary":  # else they are the words of the other class
            title = f"{name}: words that speak against it"
            _show_pulls(found.against[:limit], title, NO_AGAINST, "word")
    for name in mirrored(view):
        _show_both(view.classes[name].both_ways[:limit], name)
    _show("what is read, by kind of token", _shares(view.shares))
    _show_positions(view.positions)
    if view.change:
        show_change(view, view.change, about, limit)


def mirrored(view: CorpusView) -> list[str]:
    """The classes to show where a binary model's first class only mirrors its second."""
    names = list(view.classes)
    return names[1:] if view.task == "binary" else names


def _say(line: str, style: str = "") -> None:
    stdout().print(harmless(line), style=style, markup=False, soft_wrap=True)


def _show(title: str, table: Table) -> None:
    stdout().print()
    show(table, title)


def _missing(title: str, why: str) -> None:
    stdout().print()
    _say(f"{title}: {why}")


def _listing(
    heads: Sequence[str], rows: Sequence[Sequence[str]], spots: Mapping[str, Sequence[Spot]]
) -> Table:
    """A table of a word, numbers, and places in the texts, which take the room that is left."""
    table = Table()
    table.add_column(heads[0], no_wrap=True, max_width=WORD)
    for heading in heads[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    room = stdout().width - 1
    for i, heading in enumerate(heads):
        widest = max(cell_len(heading), *(cell_len(row[i]) for row in rows))
        room -= 3 + (min(widest, WORD) if i == 0 else widest)
    each = room // len(spots) - 3
    columns = spots if each >= LEAST_ROOM else {}
    for heading in columns:
        table.add_column(heading, no_wrap=True, overflow="ellipsis", width=each)
    for i, row in enumerate(rows):
        examples = (snippet(column[i], each) for column in columns.values())
        table.add_row(*map(cell, row), *examples)
    return table


def _show_pulls(pulls: Sequence[Pull], title: str, none: str, kind: str) -> None:
    if not pulls:
        _missing(title, none)
        return
    phrase = kind == "phrase"
    heads = [kind, "adds", *(["its words"] if phrase else []), "texts", "decided so"]
    rows = [
        [
            listed(pull.text), signed(pull.mean), *([parts_text(pull)] if phrase else []),
            f"{pull.texts:,}", percent(pull.decided),
        ]
        for pull in pulls
    ]  # fmt: skip
    spots = {"example": [next(iter(pull.examples), None) for pull in pulls]}
    _show(title, _listing(heads, rows, spots))


def parts_text(pull: Pull) -> str:
    """What the parts of a phrase tell of it; empty for a word."""
    return "" if pull.parts is None else signed(pull.parts)


def snippet(found: Spot, room: int) -> Text:
    """The match in bold with as much around it as there is room for, on one line."""
    if found is None:
        return Text()
    before, match, after = (_flat(part) for part in (found.before, found.match, found.after))
    side = max(0, (room - cell_len(match)) // 2)
    if cell_len(before) > side:
        before = "…" + set_cell_size(before[::-1], side - 1)[::-1] if side else ""
    if cell_len(after) > side:
        after = set_cell_size(after, side - 1) + "…" if side else ""
    bold = cell(match)
    bold.stylize("bold")
    return Text.assemble(cell(before), bold, cell(after))


def _flat(text: str) -> str:
    """White space of any kind as single blanks."""
    return re.sub(r"\s+", " ", text)


def _show_both(words: Sequence[BothWays], name: str) -> None:
    title = f"{name}: words that pull both ways"
    if not words:
        _missing(title, NO_BOTH)
        return
    rows = [
        [listed(w.text), signed(w.pro_mean), f"{w.pro:,}", signed(w.con_mean), f"{w.con:,}"]
        for w in words
    ]
    heads = ["word", "for", "places", "against", "places"]
    spots = {
        "a place for it": [w.pro_example for w in words],
        "a place against it": [w.con_example for w in words],
    }
    _show(title, _listing(heads, rows, spots))


def _shares(shares: Sequence[Share]) -> Table:
    table = Table()
    table.add_column("kind")
    attends = any(share.attention is not None for share in shares)
    for heading in ("tokens", *(["attention"] if attends else []), "contributions"):
        table.add_column(heading, justify="right")
    for share in shares:
        padding = share.kind == "padding"
        tokens = "–" if padding else percent(share.tokens)
        read = [] if share.attention is None else [percent(share.attention)]
        table.add_row(share.kind, tokens, *read, percent(share.contribution))
    return table


def _show_positions(found: Positions) -> None:
    if not found.texts:
        _missing("where texts are read", f"no text has {found.least} tokens, too few to tell")
        return
    table = Table()
    table.add_column("part of the text")
    kinds = {
        "attention": (found.attention, found.first_attention, found.last_attention),
        "contributions": (found.contribution, found.first_contribution, found.last_contribution),
    }
    shown = {heading: kind for heading, kind in kinds.items() if kind[0]}
    for heading in shown:
        table.add_column(heading, no_wrap=True)
    top = max(1.0, *found.attention, *found.contribution)
    for i, values in enumerate(zip(*(tenths for tenths, _, _ in shown.values()), strict=True)):
        table.add_row(f"{10 * i} to {10 * i + 10} %", *(_bar(value, top) for value in values))
    table.add_section()
    for i in (1, 2, 3):
        table.add_row(f"token {i}", *(f"{first[i - 1]:.2f}" for _, first, _ in shown.values()))
    for name, place in (("third last", -3), ("last but one", -2), ("last token", -1)):
        table.add_row(name, *(f"{last[place]:.2f}" for _, _, last in shown.values()))
    of = "1 text" if found.texts == 1 else f"{found.texts:,} texts"
    title = f"where texts are read (1 = all places alike; {of} of {found.least} tokens or more)"
    _show(title, table)


def _bar(value: float, top: float) -> str:
    return f"{value:.2f} " + "▇" * round(BAR * value / top)


def show_change(view: CorpusView, change: Change, about: About, limit: int) -> None:
    """What changed from the earlier run to the one that the view is about."""
    run, against = about.run, about.against or ""
    for name in mirrored(view) if change.same_classes else ():
        words = change.words[name]
        table = Table()
        table.add_column("word", no_wrap=True)
        for heading in (against, run, "change", "texts"):
            table.add_column(cell(heading), justify="right")
        for word in words[:limit]:
            numbers = (signed(word.before), signed(word.after), signed(word.after - word.before))
            table.add_row(cell(listed(word.text)), *numbers, f"{word.texts:,}")
        rank = change.correlation[name]
        all_of = (
            "" if rank is None else f"; rank correlation of all {change.compared:,}: {rank:.3f}"
        )
        title = f"{name}: mean contribution, {against} → {run}{all_of}"
        if words:
            _show(title, table)
        else:
            _missing(title, "no word changed")
    stdout().print()
    known = ((run, change.new_words, change.new), (against, change.lost_words, change.lost))
    for name, count, only in known:
        some = ", ".join(f"{listed(word)} ({texts:,})" for word, texts in only[:limit])
        more = ", …" if count > len(only[:limit]) else ""
        _say(f"only {name} knows {count:,} words of these texts{': ' if some else ''}{some}{more}")
    if change.same_classes:
        _say(f"decided differently: {change.changed:,} texts ({percent(change.changed_share)})")
        _show_flipped(change, run, against, limit)


def decided_text(one: Flipped) -> str:
    """`positive .78 → negative .91`."""
    sides = ((one.before, one.before_probability), (one.after, one.after_probability))
    return " → ".join(f"{', '.join(labels) or 'none'} {chance(p)}" for labels, p in sides)


def _show_flipped(change: Change, run: str, against: str, limit: int) -> None:
    if not change.flipped:
        return
    heads = ("row", f"{against} → {run}")
    rows = [(f"{one.source}, row {one.row}", decided_text(one)) for one in change.flipped[:limit]]
    widths = [max(cell_len(x) for x in column) for column in zip(heads, *rows, strict=True)]
    room = max(LEAST_ROOM, stdout().width - 1 - sum(widths) - 3 * 3)
    table = Table()
    for heading in (*heads, "text"):
        table.add_column(cell(heading), overflow="fold")
    for row, one in zip(rows, change.flipped, strict=False):
        text = one.excerpt
        text = text if cell_len(text) <= room else set_cell_size(text, room - 1).rstrip() + "…"
        table.add_row(*map(cell, (*row, text)))
    _show("texts decided differently, the largest change first", table)
