"""The corpus seen as a whole, as one self-contained page. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from heedful.explain.corpus_records import (
    BothWays,
    Change,
    CorpusView,
    Flipped,
    Positions,
    Pull,
    Snippet,
)
from heedful.face.heat import level_of, step_of
from heedful.face.markup import shown
from heedful.face.report.numbers import plural
from heedful.face.report.numbers import share as percent
from heedful.face.report.table import Cell, Table, barred, counted, text
from heedful.face.spelling import listed, signed
from heedful.face.templates import filled, styles
from heedful.face.theme import theme_css
from heedful.face.words_tables import (
    NO_AGAINST,
    NO_BOTH,
    NO_PHRASE,
    NO_WORD,
    About,
    decided_text,
    mirrored,
    parts_text,
)

TALLEST = 88
"""Per cent of a picture's height: the number above the tallest column wants room."""
KINDS = {
    "content": "content words",
    "stop word": "stop words",
    "punctuation": "punctuation",
    "unknown": "unknown words",
    "padding": "padding",
}


def to_page(view: CorpusView, about: About) -> str:
    """One page. The same view and names give the same bytes."""
    run, data = about.run, ", ".join(about.data)
    found = [pull for one in view.classes.values() for pull in (*one.words, *one.phrases)]
    one_file = len({example.source for pull in found for example in pull.examples}) == 1
    values: dict[str, Any] = {
        "title": f"{run}: the words of {data}",
        "run": run,
        "against": about.against,
        "data": data,
        "facts": _facts(view),
        "binary": view.task == "binary",
        "min_texts": view.min_texts,
        "classes": _classes(view, one_file),
        "both": [
            {
                "name": name,
                "words": [_both(word, one_file) for word in view.classes[name].both_ways],
            }
            for name in mirrored(view)
        ],
        "shares": _shares(view),
        "attends": any(share.attention is not None for share in view.shares),
        "padding": next(share for share in view.shares if share.kind == "padding"),
        "language": view.language,
        "positions": _positions(view.positions),
        "change": None if view.change is None else _change(view, view.change, about, one_file),
        "no_both": NO_BOTH,
        "style": Markup(theme_css()) + styles("map.css", "report.css", "words.css"),
        "theme": styles("theme.js"),
        "script": styles("report.js"),
    }
    return filled("words.html", values)


def _facts(view: CorpusView) -> list[tuple[str, str]]:
    decided = "; ".join(f"{name}: {found.decided:,}" for name, found in view.classes.items())
    return [
        ("texts", f"{view.texts:,}"),
        ("tokens read", f"{view.tokens:,}"),
        ("decided", decided),
        ("listed from", plural(view.min_texts, "text")),
    ]


def _classes(view: CorpusView, one_file: bool) -> list[dict[str, Any]]:
    found = []
    for number, (name, one) in enumerate(view.classes.items(), 1):
        lists = [
            ("words", "Words that speak for it", one.words, NO_WORD),
            ("phrases", "Phrases that say more than their words", one.phrases, NO_PHRASE),
        ]
        if view.task != "binary":
            lists.append(("against", "Words that speak against it", one.against, NO_AGAINST))
        found.append({
            "number": number,
            "name": name,
            "decided": plural(one.decided, "text"),
            "lists": [
                {"kind": kind, "title": title, "none": none, "pulls": _pulls(pulls, one_file)}
                for kind, title, pulls, none in lists
            ],
        })  # fmt: skip
    return found


def _pulls(pulls: Sequence[Pull], one_file: bool) -> list[dict[str, Any]]:
    top = max((abs(pull.mean) for pull in pulls), default=0.0)
    return [
        {
            "text": listed(pull.text),
            "mean": signed(pull.mean),
            "value": pull.mean,
            "bar": round(100 * abs(pull.mean) / top, 1) if top else 0,
            "side": "con" if pull.mean < 0 else "pro",
            "parts": parts_text(pull),
            "total": signed(pull.total),
            "per_text": signed(pull.per_text),
            "texts": pull.texts,
            "occurrences": pull.occurrences,
            "share": percent(pull.share),
            "decided": percent(pull.decided),
            "examples": _snippets(pull.examples, one_file),
        }
        for pull in pulls
    ]


def _snippets(examples: Sequence[Snippet], one_file: bool) -> list[dict[str, Any]]:
    limit = max((abs(example.value) for example in examples), default=0.0)
    return [_snippet(example, limit, one_file) for example in examples]


def _snippet(example: Snippet, limit: float, one_file: bool) -> dict[str, Any]:
    return {
        "before": shown(example.before),
        "match": shown(example.match),
        "after": shown(example.after),
        "step": step_of(level_of(example.value, limit), "contribution") or "plain",
        "value": signed(example.value),
        "where": _where(example, one_file),
    }


def _where(found: Snippet | Flipped, one_file: bool) -> str:
    return f"row {found.row}" if one_file else f"{found.source}, row {found.row}"


def _both(word: BothWays, one_file: bool) -> dict[str, Any]:
    sides = (
        (word.pro_example, word.pro_mean, word.pro),
        (word.con_example, word.con_mean, word.con),
    )
    limit = max(abs(example.value) for example, _, _ in sides if example is not None)
    return {
        "text": listed(word.text),
        "texts": word.texts,
        "sides": [
            {
                "mean": signed(mean),
                "places": plural(places, "place"),
                "example": None if example is None else _snippet(example, limit, one_file),
            }
            for example, mean, places in sides
        ],
    }  # fmt: skip


def _shares(view: CorpusView) -> Table:
    rows = []
    for share in view.shares:
        padding = share.kind == "padding"
        tokens = text("no token") if padding else barred(share.tokens)
        read = [] if share.attention is None else [barred(share.attention)]
        rows.append([text(KINDS[share.kind]), tokens, *read, barred(share.contribution)])
    attends = any(share.attention is not None for share in view.shares)
    head = ("", "tokens", *(["attention"] if attends else []), "contributions, size")
    return Table("Share of each kind of token", head, rows)


def _positions(found: Positions) -> dict[str, Any] | None:
    if not found.texts:
        return {"texts": 0, "least": found.least}
    kinds = (
        ("Attention", found.attention, found.first_attention, found.last_attention),
        ("Contributions", found.contribution, found.first_contribution, found.last_contribution),
    )
    pictures = []
    for kind, tenths, first, last in kinds:
        if not tenths:  # there is no attention network
            continue
        names = [f"{10 * (i + 1)}" for i in range(len(tenths))]
        pictures.append((f"{kind}, up to … % of the text", [*zip(names, tenths, strict=True)]))
        names = [f"{i + 1}." for i in range(len(first))]
        names += [f"−{len(last) - i}" for i in range(len(last))]
        title = f"{kind}, the first tokens and the last"
        pictures.append((title, [*zip(names, (*first, *last), strict=True)]))
    top = max(1.5, *(value for _, columns in pictures for _, value in columns))
    return {
        "texts": found.texts,
        "least": found.least,
        "even": round(TALLEST / top, 1),
        "pictures": [
            {
                "title": title,
                "columns": [
                    {
                        "name": name,
                        "value": f"{value:.2f}",
                        "height": round(TALLEST * value / top, 1),
                    }
                    for name, value in columns
                ],
            }
            for title, columns in pictures
        ],
    }


def _change(view: CorpusView, change: Change, about: About, one_file: bool) -> dict[str, Any]:
    run, against = about.run, about.against or ""
    head = ("word", against, run, "change", "texts")
    return {
        "same": change.same_classes,
        "changed": plural(change.changed, "text"),
        "share": percent(change.changed_share),
        "words": [
            {
                "rank": change.correlation[name],
                "compared": f"{change.compared:,}",
                "name": name,
                "table": Table(f"{name}: mean contribution", head, [
                    [text(listed(w.text)), *(Cell(signed(v), v) for v in
                     (w.before, w.after, w.after - w.before)), counted(w.texts)]
                    for w in words
                ], sortable=True) if words else None,
            }
            for name in mirrored(view)
            for words in [change.words.get(name)]
            if words is not None
        ],
        "known": [
            (f"Only {name} knows", count, [(listed(word), texts) for word, texts in words])
            for name, count, words in (
                (run, change.new_words, change.new), (against, change.lost_words, change.lost)
            )
        ],
        "flipped": Table("Texts decided differently, the largest change first",
                         ("row", f"{against} → {run}", "text"), [
            [text(_where(one, one_file)), text(decided_text(one)), text(one.excerpt)]
            for one in change.flipped
        ], texts=True) if change.flipped else None,
    }  # fmt: skip
