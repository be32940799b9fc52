"""Alignments as drawn: numbers and shades from weights, texts harmless, every face repeatable."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rich.cells import cell_len
from rich.console import Console

from drawn import SVG
from heedful.face.alignment import (
    SHADES,
    label_of,
    labels_of,
    number_of,
    shade_of,
    shades,
    sources_of,
    summary,
)
from heedful.face.alignment_folds import fold_remark, folded
from heedful.face.alignment_notebook import alignment_notebook, tint
from heedful.face.alignment_page import alignment_html
from heedful.face.alignment_svg import alignment_svg
from heedful.face.alignment_terminal import alignment_terminal
from heedful.face.colours import DARK, LIGHT, TERMINAL, blend, contrast, readable
from heedful.face.plots.alignment import alignment_plot
from heedful.face.plots.svg import to_png
from heedful.records import HeedfulError, Rewriting, Token
from made_rewritings import (
    ALL,
    BLIND,
    CLOCK,
    DRAWN,
    HEBREW,
    HOSTILE,
    LONG,
    MARKS,
    NOTHING,
    SENTENCE,
    SILENT,
    WIDE,
    peaks,
    rewriting,
    words,
)


@st.composite
def rewritings(draw: st.DrawFn) -> Rewriting:
    """Any texts, with the output looking at any places."""
    letters = st.text(max_size=12) | st.text(
        "<>&'\"a \u202e\u0301\x1b\r\n\0\t\u2028א👩", max_size=12
    )
    source, text = draw(letters), draw(letters)
    if not source:
        return rewriting(source, text, [[]] * len(text))
    places = [draw(st.integers(0, len(source) - 1)) for _ in text]
    return rewriting(source, text, peaks(len(source), places, draw(st.floats(0.1, 1))))


def printed(record: Rewriting, width: int = 80, colour: bool = False, encoding: str = "") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding or "utf-8", newline="")
    system = "truecolor" if colour else None
    console = Console(width=width, file=file, force_terminal=colour, color_system=system)
    console.print(alignment_terminal(record))
    file.flush()
    return raw.getvalue().decode(encoding or "utf-8")


def plain(text: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def test_the_scale_is_fixed_from_0_to_1() -> None:
    assert [shade_of(x) for x in (0, 0.0499, 0.05, 0.149, 0.15, 0.5, 0.949, 0.95, 1, 1.0004)] == [
        0, 0, 1, 1, 2, 5, 9, 10, 10, 10,
    ]  # fmt: skip


def test_numbers_have_two_decimals() -> None:
    spelled = [number_of(x) for x in (0, 0.0049, 0.005, 0.08, 0.125, 0.5, 0.994, 0.995, 1)]
    assert spelled == ["", "", ".01", ".08", ".13", ".50", ".99", "1", "1"]


@pytest.mark.parametrize("theme", [LIGHT, DARK, TERMINAL], ids=["light", "dark", "terminal"])
def test_shades_grow_and_carry_readable_numbers(theme: object) -> None:
    found = shades(theme)  # type: ignore[arg-type]
    assert len(set(found)) == SHADES
    assert all(contrast(readable(colour), colour) >= 4.5 for colour in found)
    if theme is not TERMINAL:  # whose paper is not known
        away = [contrast(colour, theme.paper) for colour in found]  # type: ignore[attr-defined]
        assert away == sorted(away)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("a", "a"), (" ", "␣"), (" the", "␣the"), ("\n", "↵"), ("\t", "⇥"), ("\u0301", "◌\u0301"),
        ("\u202e", "‹U+202E›"), ("\u200d", "‹U+200D›"), ("\x1b", "␛"), ("\u2003", "‹U+2003›"),
        ("שלום", "שלום"), ("neighbourhoodliness", "neighbou…dliness"),
    ],
)  # fmt: skip
def test_labels_stand_by_themselves(text: str, label: str) -> None:
    assert label_of(text) == label


def test_a_token_without_characters_shows_what_the_network_knows() -> None:
    assert labels_of((Token("<start>", 0, 0), Token("a", 0, 1)), "A") == ["<start>", "A"]


def test_the_map_in_words() -> None:
    assert summary(HEBREW) == ("Most attended for each output. hello: שלום .75; world: עולם .75.")
    assert summary(NOTHING).startswith("cut off: the maximum length was reached")


def test_characters_in_a_terminal() -> None:
    assert [line.rstrip() for line in printed(CLOCK).splitlines()] == [
        "3 pm → 15:00  (probability .98)",
        "",
        "   3 ␣ p m",
        "1 │5 · 5 ·",
        "5 │# · · ·",
        ": │3 3 3 3",
        "0 │· 1 5 5",
        "0 │· · · #",
        "",
        "0 to 1  attention, in tenths (# = 1); · below .05; rows sum to 1",
    ]


def test_words_in_a_terminal_stand_on_stairs() -> None:
    lines = [line.rstrip("\u200e ") for line in printed(HEBREW).splitlines()]
    assert lines[2:7] == [
        "       שלום",
        "       │   לך",
        "       │   │   עולם",
        "hello │.75 .13 .13",
        "world │.13 .13 .75",
    ]


@pytest.mark.parametrize(("record", "rows"), [(LONG, 5), (SENTENCE, 12)])
def test_maps_of_usual_size_need_no_break(record: Rewriting, rows: int) -> None:
    text = printed(record, 80)
    assert "source tokens" not in text
    assert len(re.findall("(?m)^[^ ].* ?│", text)) == rows


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80])
@pytest.mark.parametrize("record", DRAWN, ids=lambda r: repr(r.source[:12]))
def test_no_line_is_too_wide_and_no_column_lost(record: Rewriting, width: int) -> None:
    text = printed(record, width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    ends = [(int(a), int(b)) for a, b in re.findall(r"source tokens (\d+) to (\d+) of", text)]
    if ends:
        last = [0, *(end for _, end in ends)]
        assert [start for start, _ in ends] == [end + 1 for end in last[:-1]]
        assert last[-1] == len(record.source_tokens)


def test_a_band_has_the_blocks_of_its_columns_and_whole_words_over_them() -> None:
    rows = [line.split("│")[1] for line in printed(LONG, 30).splitlines() if "│" in line]
    assert [len(row) for row in rows] == [20] * 10
    assert printed(SENTENCE, 24).count("…") == 0


@pytest.mark.parametrize("record", ALL, ids=lambda r: repr(r.source[:12]))
def test_colours_add_nothing_but_colour(record: Rewriting) -> None:
    painted, bare = printed(record, colour=True), printed(record)
    body = [line.rstrip() for line in plain(painted).splitlines()]
    scale = re.compile("0( {12}| to )1  attention")
    same = [scale.sub("0 to 1  attention", line) for line in body]
    assert same == [line.rstrip() for line in bare.splitlines()]
    assert "\x1b" not in bare


@pytest.mark.parametrize("row", [[0.5, 0.5], [0.5, 0.3, 0.2], [0.5] + [0.125] * 4])
def test_the_same_weight_has_the_same_colour_in_every_map(row: list[float]) -> None:
    text = printed(rewriting("abcde"[: len(row)], "x", [row]), colour=True)
    red, green, blue = bytes.fromhex(shades(TERMINAL)[4][1:])
    assert f"48;2;{red};{green};{blue}m5 " in text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("record", ALL, ids=lambda r: repr(r.source[:12]))
def test_a_terminal_without_utf_8_can_print_it(record: Rewriting, encoding: str) -> None:
    text = printed(record, 60, encoding=encoding)
    assert "(probability" in text
    if record is CLOCK:
        assert "1 |5 . 5 ." in text


def test_a_narrow_character_set_keeps_columns_apart() -> None:
    marks = [line for line in printed(MARKS, encoding="ascii").splitlines() if "|" in line]
    assert [len(line.rstrip()) for line in marks] == [len("? |") + 5 * 2 + 1]


@settings(max_examples=25)
@given(rewritings())
def test_nothing_in_a_text_steers_a_terminal_or_breaks_a_picture(record: Rewriting) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printed(record))
    for theme in (LIGHT, DARK):
        root = ElementTree.fromstring(alignment_svg(record, theme))
        assert {x.tag for x in root.iter()} <= {
            f"{SVG}{x}" for x in ("svg", "desc", "rect", "text", "path")
        }


@pytest.mark.parametrize("record", DRAWN, ids=lambda r: repr(r.source[:12]))
def test_an_svg_has_a_box_and_a_number_for_each_weight_that_counts(record: Rewriting) -> None:
    root = ElementTree.fromstring(alignment_svg(record))
    weights = [x for row in record.weights for x in row if shade_of(x)]
    boxes = list(root.iter(f"{SVG}rect"))[1:]  # after the paper
    assert len(boxes) == len(weights) + SHADES
    assert [x.get("fill") for x in boxes][: len(weights)] == [
        shades(LIGHT)[shade_of(x) - 1] for x in weights
    ]
    numbers = [x.text for x in root.iter(f"{SVG}text") if x.get("font-size") == "10"]
    assert numbers == ([] if record is WIDE else [number_of(x) for x in weights])


def inside(record: Rewriting) -> None:
    root = ElementTree.fromstring(alignment_svg(record))
    width, height = int(root.attrib["width"]), int(root.attrib["height"])
    for box in root.iter(f"{SVG}rect"):
        assert float(box.get("x", "0")) + float(box.attrib["width"]) <= width
        assert float(box.get("y", "0")) + float(box.attrib["height"]) <= height


@pytest.mark.parametrize("record", ALL, ids=lambda r: repr(r.source[:12]))
def test_an_svg_keeps_to_its_frame_and_gives_the_same_bytes(record: Rewriting) -> None:
    inside(record)
    assert alignment_svg(record) == alignment_svg(record)
    assert "http" not in alignment_svg(record).replace("http://www.w3.org/2000/svg", "")


def test_long_labels_lean_and_short_ones_stand() -> None:
    assert alignment_svg(SENTENCE).count("rotate(-50") == 14
    assert "rotate" not in alignment_svg(LONG)


def test_an_svg_is_light_or_dark() -> None:
    light, dark = alignment_svg(CLOCK), alignment_svg(CLOCK, DARK)
    assert f'fill="{LIGHT.paper}"' in light and f'fill="{DARK.paper}"' in dark
    assert not any(colour in dark for colour in shades(LIGHT))


class Reader(HTMLParser):
    """The rows of a page's tables, its tags, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self.cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        self.cell = tag == "td"

    def handle_endtag(self, tag: str) -> None:
        self.cell = False

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.rows[-1][-1] += data.strip()


@pytest.mark.parametrize("face", [lambda r: alignment_html([r]), lambda r: alignment_notebook([r])])
@pytest.mark.parametrize("record", DRAWN, ids=lambda r: repr(r.source[:12]))
def test_tables_hold_every_weight_as_a_number(record: Rewriting, face: object) -> None:
    rows = Reader(face(record)).rows[1:]  # type: ignore[operator]
    assert rows == [[number_of(x) for x in row] for row in record.weights]


@settings(max_examples=20)
@given(rewritings())
def test_no_text_becomes_markup(record: Rewriting) -> None:
    usual = set(Reader(alignment_html([CLOCK, SENTENCE, NOTHING])).tags)
    page = alignment_html([record], title=record.source, notes=[record.text])
    assert set(Reader(page).tags) <= usual
    assert page.count("<script>") == page.count("</script>") == 1
    usual = set(Reader(alignment_notebook([CLOCK, SENTENCE, NOTHING])).tags)
    assert set(Reader(alignment_notebook([record])).tags) <= usual
    page.encode("utf-8")


INJECTED = rewriting("<img/src=x> &amp;", "<hr> <s>&lt;", peaks(2, [0, 1]), unit=words)


@pytest.mark.parametrize("face", [lambda r: alignment_html([r]), lambda r: alignment_notebook([r])])
def test_tags_in_a_text_are_text(face: object) -> None:
    drawn = face(INJECTED)  # type: ignore[operator]
    assert not {"img", "hr", "s"} & set(Reader(drawn).tags)
    # In the heading, over the columns, and on the page in the line of what was read.
    for text in ("&lt;img/src=x&gt;", "&lt;hr&gt;", "&amp;amp;", "&amp;lt;"):
        assert drawn.count(text) >= 2
    assert "<img" not in alignment_html([CLOCK], title="<img>", notes=["<img>"])


def test_tags_in_a_text_are_text_in_a_picture() -> None:
    root = ElementTree.fromstring(alignment_svg(INJECTED))
    texts = [x.text for x in root.iter(f"{SVG}text")]
    assert {"<img/src=x>", "&amp;", "<hr>", "<s>&lt;"} <= set(texts)


def test_the_same_records_give_the_same_page() -> None:
    first, second = alignment_html(ALL), alignment_html(list(ALL))
    assert first == second
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<link|src=", first)


def test_every_output_symbol_can_be_reached() -> None:
    page = alignment_html([CLOCK])
    assert page.count("<button type=button class=o>") == 5
    assert page.count("<span class=s>") == 4
    assert "<small>.98</small>" in page


def test_what_cannot_be_drawn_is_said() -> None:
    page = alignment_html([NOTHING, BLIND, SILENT])
    assert "cut off: the maximum length" in page
    assert "this network has no attention" in page
    assert "nothing was written" in page
    assert "<table>" not in page
    for record in (NOTHING, BLIND, SILENT):
        assert "there is no map to draw" in alignment_svg(record)
        assert "there is no map to draw" in printed(record)
        with pytest.raises(HeedfulError, match="there is no map to draw; print"):
            alignment_plot(record)


def test_only_rewritings_are_drawn() -> None:
    for draw in (alignment_html, alignment_notebook):
        with pytest.raises(HeedfulError, match="item 1 is a str; an alignment is drawn of"):
            draw([CLOCK, "text"])  # type: ignore[list-item]


def test_a_notebook_draws_a_rewriting_by_itself() -> None:
    assert CLOCK._repr_html_() == alignment_notebook([CLOCK])
    assert "<script" not in CLOCK._repr_html_()
    assert "\u202e" not in re.sub('<i class="ctl".*?</i>', "", HOSTILE._repr_html_())


@pytest.mark.parametrize(("paper", "ink"), [("#ffffff", "#000000"), ("#111111", "#e0e0e0")])
def test_text_on_a_notebooks_tints_is_readable(paper: str, ink: str) -> None:
    red, green, blue, alpha = re.findall(r"[\d.]+", tint(SHADES))
    colour = f"#{int(red):02x}{int(green):02x}{int(blue):02x}"
    assert contrast(ink, blend(colour, float(alpha), paper)) >= 4.5


def test_a_png_shows_the_strongest_weight_in_its_colour() -> None:
    plot = alignment_plot(CLOCK)
    assert plot.title == "3 pm → 15:00"
    picture = Image.open(io.BytesIO(to_png(plot))).convert("RGB")
    axes = plot.figure.axes[0]
    across, up = axes.transData.transform((0.1, 1.5))  # row 2, column 1: a weight of 1
    scale = 150 / 72
    place = (round(across * scale), round(picture.height - up * scale))
    assert "#" + bytes(picture.getpixel(place)).hex() == shades(LIGHT)[-1]
    assert axes.transData.transform((0.1, 0.5))[1] > up, "the first row is on top"
    across, up = axes.transData.transform((1.1, 1.5))
    place = (round(across * scale), round(picture.height - up * scale))
    assert picture.getpixel(place) == (255, 255, 255)


@pytest.mark.parametrize("record", [HOSTILE, WIDE], ids=["hostile", "wide"])
def test_a_png_of_any_text(record: Rewriting) -> None:
    assert Image.open(io.BytesIO(to_png(alignment_plot(record)))).width > 300


def test_torch_is_not_needed() -> None:
    modules = "alignment_page", "alignment_svg", "alignment_terminal", "alignment_notebook"
    code = f"import sys; from heedful.face import {', '.join(modules)}; "
    code += "from heedful.explain import alignment_trust; "
    code += "print(sorted({'torch', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


FAR = rewriting("." * 1000 + "3 pm" + "-" * 2000, "15", peaks(3004, [1000, 1002], 0.75))


def test_what_nobody_looked_at_is_folded() -> None:
    short = folded(FAR)
    assert sources_of(short) == ["⋯1000", "3", "␣", "p", "⋯2001"]
    rest = 0.25 / 3003
    assert short.weights[0] == pytest.approx([1000 * rest, 0.75, rest, rest, 2001 * rest])
    assert [sum(row) for row in short.weights] == pytest.approx([1, 1])
    assert (short.source, short.tokens) == (FAR.source, FAR.tokens)


def test_even_attention_on_a_long_source_is_one_fold() -> None:
    short = folded(rewriting("a" * 500, "b", [[0.002] * 500]))
    assert sources_of(short) == ["⋯500"]
    assert short.weights[0] == pytest.approx([1])


@pytest.mark.parametrize("record", ALL, ids=lambda r: repr(r.source[:12]))
def test_usual_sources_are_not_folded(record: Rewriting) -> None:
    assert folded(record) is record
    assert fold_remark(record) == ""


def test_every_face_folds_and_says_so() -> None:
    faces = printed(FAR), alignment_svg(FAR), alignment_html([FAR]), alignment_notebook([FAR])
    for face in faces:
        assert "none of which got" in face
    assert Reader(faces[2]).rows[1] == [number_of(x) for x in folded(FAR).weights[0]]
    assert len(alignment_plot(FAR).figure.axes[0].get_xticklabels()) == 5
    assert "." * 1000 in faces[2], "the page shows the whole source"


def test_what_is_too_large_for_a_png_is_refused() -> None:
    with pytest.raises(HeedfulError, match="600 output tokens by 1 source tokens are too many"):
        alignment_plot(rewriting("a", "b" * 600, [[1.0]] * 600))
