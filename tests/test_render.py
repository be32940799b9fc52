"""Maps are drawn on the user's own characters, and nothing in a text gets out of them."""

from __future__ import annotations

import dataclasses
import html
import io
import json
import re
import subprocess
import sys
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from heedful.face.card import painted
from heedful.face.colours import DARK, LIGHT, TERMINAL, blend, contrast, readable
from heedful.face.heat import Word, account, level_of, most_read, pieces_of, visible
from heedful.face.markup import shown
from heedful.face.notebook import tint
from heedful.face.pack import ALPHABET, BASE, folded, packed
from heedful.face.render import strongest, to_html, to_notebook, to_terminal
from heedful.face.spelling import chance, signed
from heedful.face.terminal import harmless
from heedful.records import Explanation, HeedfulError, Token
from made_explanations import ALL, EMPTY, HEBREW, HOSTILE, PANNED, REVIEW, TICKET, binary
from thorough import examples

KINDS = ("pro", "con", "heat")


def texts() -> st.SearchStrategy[str]:
    return st.text(max_size=60) | st.text(
        alphabet="<>&'\"a\u202e\u0301\x1b\r\n\0 \t\u2028é-", max_size=40
    )


@st.composite
def explanations(draw: st.DrawFn) -> Explanation:
    """Any text, cut at any places into tokens (with gaps), with any contributions and gold."""
    text = draw(texts())
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    spans = [pair for pair in pairwise(cuts) if draw(st.booleans())]
    tokens = tuple(Token(text[a:b].lower(), a, b) for a, b in spans)
    values = [draw(st.floats(-3, 3)) for _ in tokens]
    ends = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=2)))
    return binary(text, values, tokens=tokens, gold=((ends[0], ends[1]),))


def plain_text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def holdable(text: str) -> str:
    """What a page can hold of a text: NUL has no place in HTML."""
    return text.replace("\0", "\ufffd")


def console_of(
    file: io.StringIO,
    width: int,
    colours: Literal["standard", "256", "truecolor"] | None,
    environment: dict[str, str] | None = None,
) -> Console:
    """A console that does not depend on the terminal in which the tests run."""
    return Console(
        file=file,
        width=width,
        height=50,
        force_terminal=colours is not None,
        color_system=colours,
        _environ={"TERM": "xterm"} | (environment or {}),
    )


def printed(explanation: Explanation, *, colour: bool = True, method: str = "contribution") -> str:
    out = io.StringIO()
    console = console_of(out, 100_000, "truecolor")
    console.print(to_terminal(explanation, colour=colour, method=method))
    return out.getvalue()


def without_escapes(output: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", output)


# ----- the page: the user's characters -----


@given(explanations(), st.sampled_from(["contribution", "attention"]))
def test_the_map_without_its_tags_is_the_text(explanation: Explanation, method: str) -> None:
    assert plain_text(painted(explanation, method)) == holdable(explanation.text)


@given(explanations())
def test_the_pieces_are_the_text_and_the_tokens(explanation: Explanation) -> None:
    pieces = list(pieces_of(explanation))
    assert "".join(piece.text for piece in pieces) == explanation.text
    for i, token in enumerate(explanation.tokens):
        own = "".join(piece.text for piece in pieces if piece.token == i)
        assert own == explanation.text[token.start : token.end]
    (start, end) = explanation.gold[0]
    assert "".join(p.text for p in pieces if p.gold) == explanation.text[start:end]


def test_the_right_words_have_the_right_colours() -> None:
    tags = re.findall(r"<b class=([pn]\d)>([^<]*)</b>", painted(PANNED, "contribution"))
    # The map is about negative; the scale ends at 0.95, 0.55 is 3.47 steps of 6: step 3.
    assert tags == [("p6", "waste"), ("n3", "great")]


def test_zero_and_nearly_zero_have_no_colour() -> None:
    assert level_of(0.0, 1.0) == 0
    assert level_of(1 / 12 - 1e-9, 1.0) == 0
    assert level_of(1 / 12 + 1e-9, 1.0) == 1
    assert level_of(-1.0, 1.0) == -6
    assert level_of(0.0, 0.0) == 0
    assert "<b" not in painted(binary("so so", [0.0, 0.0]), "contribution")


def test_gold_evidence_is_marked_in_and_between_words() -> None:
    drawn = painted(REVIEW, "contribution")
    assert '<b class="p4 g">warm</b><b class=g> and </b><b class="p3 g">funny</b>' in drawn


def test_a_hostile_text_stays_text() -> None:
    page = to_html([HOSTILE], title="<b>&", notes=["</style><script>"])
    assert "alert('x')" not in page
    assert page.count("<script") == page.count("</script>") == 2
    assert "&lt;b&gt;&amp;" in page
    data = page.split("id=data>")[1].split("</script>")[0]
    assert not set("<>&\u2028") & set(data)


def test_class_names_cannot_break_out_of_the_data() -> None:
    name = "</script><img src=x>\u2028"
    swapped = {"negative": (0.0,), name: (1.0,)}
    one = binary("x", [1.0])
    numbers = {"negative": 0.0, name: 1.0}
    prediction = dataclasses.replace(one.prediction, labels=(name,), probabilities=numbers)
    odd = dataclasses.replace(
        one, contributions=swapped, target=name, base=numbers, logits=numbers, error=numbers,
        prediction=prediction,
    )  # fmt: skip
    for page in (to_html([odd]), to_notebook([odd])):
        assert "<img" not in page
    data = to_html([odd]).split("id=data>")[1].split("</script>")[0]
    assert json.loads(data)["classes"] == ["negative", name]


def test_overrides_are_named_and_isolated() -> None:
    drawn = painted(HOSTILE, "contribution")
    assert 'unicode-bidi:isolate" data-c="202E">\u202e</i>evil' in drawn
    assert shown("a\rb\0\ud800") == "a&#13;b\ufffd\ufffd"


def test_the_page_asks_nothing_of_anybody() -> None:
    page = to_html([*ALL, TICKET])
    assert not re.search(r"https?://|//[a-z]|url\(|@import|<link|<img|<iframe|\bsrc=", page)
    quoted = to_html([binary("see http://x.example", [0.0] * 8)])
    assert len(re.findall("https?://", quoted)) == 1


def test_the_same_records_give_the_same_bytes() -> None:
    script = (
        "import hashlib; from made_explanations import ALL, TICKET;"
        "from heedful.face.render import to_html;"
        "print(hashlib.sha256(to_html([*ALL, TICKET]).encode()).hexdigest())"
    )
    paths = repr(sys.path)
    runs = {
        subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path[:] = {paths}; {script}"],
            env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1


def test_the_page_does_its_sum_in_numbers() -> None:
    page = to_html([REVIEW])
    assert "base 0.250 + words 1.030 = 1.280 log-odds for positive (no error)" in page
    assert "−0.81 against" in page
    assert "+0.81 for positive" in page
    assert account(TICKET, "billing") == (
        "base 0.000 − words 1.300 = −1.300 log-odds for billing (error 0.004)"
    )


def test_nothing_to_read_is_said() -> None:
    assert "Nothing to read: the decision is the bias" in to_html([EMPTY])
    assert "nothing to read: the decision is the bias" in printed(EMPTY)
    assert "nothing to read: the decision is the bias" in to_notebook([EMPTY])
    assert "No texts" in to_html([])


def test_a_space_that_counts_is_seen_in_the_lists() -> None:
    one = binary("a b", [1.0], tokens=(Token(" ", 1, 2),))
    for face in (to_html([one]), printed(one), to_notebook([one])):
        assert re.search("␣[^+]*\\+1.00", face)


def test_right_and_wrong_are_told_apart() -> None:
    assert "<span class=right>✓ as labelled</span>" in to_html([REVIEW])
    assert "<span class=wrong>✗ labelled positive</span>" in to_html([PANNED])
    assert "labelled" not in to_html([EMPTY]).split("<main>")[1].split("<script")[0]


def test_what_was_not_read_is_said() -> None:
    short = dataclasses.replace(
        REVIEW, prediction=dataclasses.replace(REVIEW.prediction, cut=12, unknown=3)
    )
    for face in (to_html([short]), printed(short), to_notebook([short])):
        assert "3 unknown to the vocabulary, 12 NOT READ" in face


def test_a_page_of_many_texts_stays_small() -> None:
    """Colours and numbers together cost less than eleven bytes a token, besides the text."""
    words = ["superb" if i % 11 == 0 else f"w{i % 97}" for i in range(250)]
    values = [((i * 37) % 101 - 50) / (50 if i % 11 == 0 else 700) for i in range(250)]
    one = binary(" ".join(words), values)
    count = 420  # just over the number of tokens from which numbers are kept coarser
    size = len(to_html([one] * count).encode()) - len(to_html([]).encode())
    assert (size / count - len(one.text)) / 250 < 11


# ----- numbers on their way to the script -----


def unpacked(text: str) -> list[int]:
    numbers, number, place = [], 0, 1
    for char in text:
        digit = ALPHABET.index(char)
        number += digit % BASE * place
        place *= BASE
        if digit < BASE:
            numbers.append(number)
            number, place = 0, 1
    return numbers


@given(st.lists(st.integers(0, 10**9)))
def test_packed_numbers_come_back(numbers: list[int]) -> None:
    assert unpacked(packed(numbers)) == numbers


def test_folding_keeps_small_numbers_small() -> None:
    assert [folded(x) for x in (0, -1, 1, -2, 2)] == [0, 1, 2, 3, 4]
    assert packed([0, BASE]) == ALPHABET[0] + ALPHABET[BASE] + ALPHABET[1]


# ----- the terminal -----


@given(explanations())
@settings(max_examples=examples(60))
def test_the_terminal_shows_the_text_and_only_colours_it(explanation: Explanation) -> None:
    output = printed(explanation)
    text = harmless(explanation.text.replace("\r\n", " \n")).expandtabs()
    tabbed = without_escapes(output)
    if "\t" not in explanation.text:  # rich lays tabs out by cells, Python by characters
        assert tabbed.startswith(text + "\n")
    assert "\x1b" not in tabbed
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", tabbed)


def test_windows_line_ends_do_not_shift_the_colours() -> None:
    output = printed(binary("so\r\nso\r\ngreat film", [0.0, 0.0, 1.0, 0.0]))
    assert re.search(r"48;2;\d+;\d+;\d+mgreat\x1b", output)
    assert "␍" not in output


def test_controls_become_visible() -> None:
    seen = harmless("\x1b[2J\r\0\x7f\x85\u202e\u2066\u2028\ud800\tok\n")
    assert seen == "␛[2J␍␀␡‹U+0085›‹U+202E›‹U+2066›‹U+2028›‹U+D800›\tok\n"


def test_words_get_the_background_of_their_step() -> None:
    output = printed(PANNED)
    red, green, blue = (int(TERMINAL.ramp("pro")[5][i : i + 2], 16) for i in (1, 3, 5))
    assert re.search(rf"\x1b\[[0-9;]*48;2;{red};{green};{blue}mwaste\x1b", output)
    assert re.search(r"48;2;\d+;\d+;\d+mgreat\x1b", output)
    assert "mcast" not in output
    assert "−0.95 against" in without_escapes(output)
    assert "✗ labelled positive" in output


def test_without_colour_signs_carry_the_map() -> None:
    output = printed(REVIEW, colour=False)
    assert "[-Slow] at first, but _[++warm] and [++funny]_: a [+++superb] film." in output
    assert "48;2" not in output
    assert "[+word] from 0.14, [++word] from 0.41, [+++word] from 0.68, to 0.81" in output
    assert "against   dull −0.62 · slow −0.30 · but −0.12" in without_escapes(output)
    assert "[***superb]" in printed(REVIEW, colour=False, method="attention")


@pytest.mark.parametrize(
    "console",
    [
        console_of(io.StringIO(), 200, None),
        console_of(io.StringIO(), 200, "standard"),
        console_of(io.StringIO(), 200, "truecolor", {"NO_COLOR": "1"}),
    ],
    ids=["pipe", "16 colours", "NO_COLOR"],
)
def test_a_console_without_colours_gets_signs(console: Console) -> None:
    console.print(to_terminal(REVIEW))
    assert "[+++superb]" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_map_wraps_at_the_width_and_keeps_all_words() -> None:
    console = console_of(io.StringIO(), 99, "truecolor")
    console.print(to_terminal(REVIEW, width=24))
    lines = without_escapes(console.file.getvalue()).splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= 24
    assert " ".join(" ".join(lines).split()).startswith(REVIEW.text)


def test_another_class_can_be_asked_for() -> None:
    out = io.StringIO()
    console_of(out, 200, None).print(to_terminal(TICKET, target="technical"))
    assert "[++app] [+crashes]" in out.getvalue()


# ----- the strongest words -----


def test_a_word_in_several_places_is_listed_with_their_number() -> None:
    page = to_html([binary("awful plot awful", [0.9, 0.5, 0.9])])
    assert re.search(r"<q>awful</q>\xa0\+1.80 ×2", page)
    assert not re.search(r"<q>plot</q>\xa0\S+ ×", page)


def test_strongest_sums_over_repeated_words() -> None:
    one = binary("Good good, bad! Bad so GOOD.", [0.5, 0.25, 0.0, -1.0, 0.125, 0.5, 0.0, -0.5, 0.0])
    found = strongest(one, "positive")
    assert found.supporting == (Word("good", 0.25, 3), Word("!", 0.125, 1))
    assert found.opposing == (Word("bad", -0.5, 2),)
    assert strongest(one, "positive", k=1).supporting == (Word("good", 0.25, 3),)


def test_words_are_merged_whatever_their_case() -> None:
    cased = (Token("Good", 0, 4), Token("GOOD", 5, 9))
    one = binary("Good GOOD", [0.5, 0.25], tokens=cased)
    assert strongest(one, "positive").supporting == (Word("good", 0.75, 2),)


def test_most_read_sums_attention() -> None:
    one = dataclasses.replace(binary("a b a", [0.0] * 3), attention=(0.25, 0.5, 0.375))
    assert most_read(one) == (Word("a", 0.625, 2), Word("b", 0.5, 1))


def test_equal_sums_stand_in_alphabetical_order() -> None:
    found = strongest(binary("b c a", [0.5, 0.5, 0.5]), "positive")
    assert [word.text for word in found.supporting] == ["a", "b", "c"]


def test_strongest_against_is_the_mirror_image() -> None:
    assert strongest(PANNED, "negative").supporting[0] == Word("waste", 0.95, 1)
    assert strongest(PANNED, "positive").opposing[0] == Word("waste", -0.95, 1)
    assert visible(strongest(PANNED, "positive").supporting, 0.95) == (Word("great", 0.55, 1),)


# ----- numbers in words -----


def test_numbers_keep_their_sign_and_do_not_overclaim() -> None:
    assert [signed(x) for x in (0.812, -0.4, 0.0, 0.0312, -0.0001)] == [
        "+0.81", "−0.40", "0", "+0.031", "0",
    ]  # fmt: skip
    assert [chance(x) for x in (0.93, 0.999, 1.0, 0.001, 0.0)] == [
        ".93", ">.99", "1.00", "<.01", ".00",
    ]  # fmt: skip


# ----- contrast (WCAG 2.2 AA: 4.5 for text) -----


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_every_step(theme, kind) -> None:  # type: ignore[no-untyped-def]
    assert min(contrast(theme.ink, step) for step in theme.ramp(kind)) >= 4.5
    steps = [contrast(theme.paper, step) for step in theme.ramp(kind)]
    assert steps == sorted(steps), "a stronger step stands out more"
    assert contrast(theme.soft, theme.paper) >= 4.5
    assert contrast(theme.soft, blend(theme.ink, 0.04, theme.paper)) >= 4.5


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_readable_in_a_terminal(kind: str) -> None:
    assert all(contrast(readable(step), step) >= 4.5 for step in TERMINAL.ramp(kind))


@pytest.mark.parametrize(
    ("paper", "ink"), [("#ffffff", "#212121"), ("#111111", "#d4d4d4"), ("#1e1e1e", "#d4d4d4")]
)
def test_text_is_readable_in_a_notebook(paper: str, ink: str) -> None:
    for step in [f"{letter}{i}" for letter in "pna" for i in range(1, 7)]:
        (red, green, blue), alpha = tint(step)
        assert contrast(ink, blend(f"#{red:02x}{green:02x}{blue:02x}", alpha, paper)) >= 4.5


def test_contrast_is_the_published_ratio() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


# ----- notebooks -----


@given(explanations())
@settings(max_examples=examples(40))
def test_the_notebook_map_is_the_text(explanation: Explanation) -> None:
    fragment = to_notebook([explanation])
    body = fragment.split("max-width:46em'>")[1].split("</div>")[0]
    assert plain_text(body) == holdable(explanation.text)
    assert " id=" not in fragment
    assert "<style" not in fragment


def test_a_record_draws_itself() -> None:
    assert REVIEW._repr_html_() == to_notebook([REVIEW])
    assert "dir='auto'" in to_notebook([HEBREW])


# ----- mistakes -----


def test_wrong_requests_are_told_in_one_line() -> None:
    with pytest.raises(HeedfulError, match=r"method 'gradient': a map shows .*attention"):
        to_html([REVIEW], method="gradient")
    with pytest.raises(HeedfulError, match=r"class 'neutral': .* knows negative, positive"):
        to_terminal(REVIEW, target="neutral")


def test_numbers_that_cannot_be_drawn_are_named() -> None:
    broken = binary("a b", [0.0, 0.0])
    broken.contributions["positive"] = (0.0, float("nan"))
    with pytest.raises(HeedfulError, match=r"explanation 2, contributions.*token 2 is nan"):
        to_html([REVIEW, broken])
    with pytest.raises(HeedfulError, match="explanation 1, attention: 2 values for 1 tokens"):
        to_html([dataclasses.replace(binary("a", [0.0]), attention=(0.5, 0.5))])
    twice = binary("abc", [0.0, 0.0], tokens=(Token("ab", 0, 2), Token("bc", 1, 3)))
    with pytest.raises(HeedfulError, match="token 2: characters 1 to 3"):
        to_html([twice])
    outside = binary("ab", [0.0], tokens=(Token("ab", 1, 3),))
    with pytest.raises(HeedfulError, match="token 1: characters 1 to 3"):
        to_terminal(outside)


def test_drawing_needs_no_torch() -> None:
    script = "import heedful.face.render; import sys; sys.exit('torch' in sys.modules)"
    subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {script}"], check=True
    )
