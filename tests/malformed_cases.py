"""Malformed and odd inputs, as a table that several test files go through.

Each case is (name, build, expectation): `build(folder)` writes the input and returns its path;
"error" means that reading it must raise a HeedfulError, "ok" that it must give a corpus (which
may hold bad rows).
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import zstandard

Build = Callable[[Path], Path]
Case = tuple[str, Build, Literal["error", "ok"]]
CASES: list[Case] = []

ROWS = [("a fine film", "pos"), ("a dull film", "neg"), ("great", "pos"), ("poor", "neg")]
CSV = "text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS)
TSV = CSV.replace(",", "\t")
JSONL = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS)


def _file(name: str, data: bytes | str, expectation: Literal["error", "ok"], title: str) -> None:
    payload = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data

    def build(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(payload)
        return path

    CASES.append((f"{Path(name).suffix[1:] or 'none'}: {title}", build, expectation))


def _built(title: str, expectation: Literal["error", "ok"]) -> Callable[[Build], Build]:
    def add(build: Build) -> Build:
        CASES.append((title, build, expectation))
        return build

    return add


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


FRAME = pl.DataFrame({"text": [t for t, _ in ROWS], "label": [lab for _, lab in ROWS]})

# --- nothing there -------------------------------------------------------------------------
for extension in ("csv", "tsv", "jsonl", "parquet", "npz", "txt", "json", "ndjson"):
    _file(f"a.{extension}", b"", "error", "empty file")
    _file(f"a.{extension}", b"\n\n\n", "error", "only line ends")
    _file(f"a.{extension}", b"   \t  ", "error", "only blanks")
    _file(f"a.{extension}", b"\x00" * 200, "error", "only zero bytes")
    _file(f"a.{extension}", b"\xff" * 200, "error", "only 0xff")
    _file(f"a.{extension}", bytes(range(256)), "error", "every byte once")
    CASES.append((f"{extension}: missing", lambda p, e=extension: p / f"absent.{e}", "error"))
    _file(f"a.{extension}.gz", b"not gzip at all", "error", f"{extension} that is no gzip")
    _file(f"a.{extension}.zst", b"not zstd at all", "error", f"{extension} that is no zstd")
    _file(f"a.{extension}.gz", gzip.compress(b""), "error", f"{extension}, empty inside")
    _file(f"a.{extension}.zst", _zstd(b""), "error", f"{extension}, empty inside")
    _file(f"a.{extension}", b"PK\x03\x04" + b"\0" * 60, "error", "a zip archive")

# --- compressed and cut short --------------------------------------------------------------
_LONG = {
    "csv": CSV.replace("film", "film " * 50).encode() * 1 + b"x,pos\n" * 5000,
    "tsv": TSV.encode() + b"".join(b"%d word\tpos\n" % i for i in range(5000)),
    "jsonl": JSONL.encode()
    + b"".join(b'{"text": "%d w", "label": "a"}\n' % i for i in range(5000)),
    "parquet": _parquet(pl.DataFrame({"text": [f"{i} x" for i in range(999)], "label": "a"})),
}
for extension, data in _LONG.items():
    for suffix, packed in (("gz", gzip.compress(data)), ("zst", _zstd(data))):
        _file(f"a.{extension}.{suffix}", packed, "ok", f"{extension}, whole")
        for share in (0.2, 0.5, 0.9):
            cut = packed[: int(len(packed) * share)]
            _file(f"a.{extension}.{suffix}", cut, "error", f"{extension}, cut at {share}")
        _file(f"a.{extension}.{suffix}", packed[:-1], "error", f"{extension}, last byte missing")
        _file(f"a.{extension}.{suffix}", packed[:3], "error", f"{extension}, three bytes")
        middle = len(packed) // 2
        broken = packed[:middle] + bytes(b ^ 0xFF for b in packed[middle : middle + 40])
        broken += packed[middle + 40 :]
        _file(f"a.{extension}.{suffix}", broken, "error", f"{extension}, damaged inside")

# --- delimited -----------------------------------------------------------------------------
for extension, good in (("csv", CSV), ("tsv", TSV)):
    mark = "," if extension == "csv" else "\t"
    head = f"text{mark}label\n"

    def _d(
        body: str | bytes, expectation: Literal["error", "ok"], title: str, e: str = extension
    ) -> None:
        _file(f"a.{e}", body, expectation, title)

    _d(good, "ok", "well-formed")
    _d(good.rstrip("\n"), "ok", "no last line end")
    _d(good.replace("\n", "\r\n"), "ok", "CRLF")
    _d(good.replace("\n", "\r"), "ok", "CR alone")
    _d(good.replace("\n", "\n\n"), "ok", "blank lines between")
    _d("\n\n" + good, "ok", "blank lines before")
    _d("\ufeff" + good, "ok", "byte-order mark")
    _d(good.encode("utf-16"), "ok", "UTF-16")
    _d(good.encode("utf-16")[:-1], "ok", "UTF-16 cut in a character")
    _d(good.encode("utf-16-le"), "error", "UTF-16 without a mark")
    _d(good.encode("utf-32"), "ok", "UTF-32")
    _d(good.encode() + f"caf\xe9{mark}pos\n".encode("latin-1"), "ok", "Latin-1 byte")
    _d(good.encode() + b"\x81\x8d" + f"{mark}pos\n".encode(), "ok", "bytes outside Windows-1252")
    _d(head, "error", "header only")
    _d(head.rstrip(), "error", "header without a line end")
    _d(good + f"one{mark}pos{mark}more\n", "ok", "a cell too many")
    _d(good + "lonely\n", "ok", "a cell too few")
    _d(good + f"{mark}pos\n", "ok", "empty text")
    _d(good + f"word{mark}\n", "ok", "empty label")
    _d(good + f"NaN{mark}pos\n", "ok", "NaN text")
    _d(good + f"word{mark}NaN\n", "ok", "NaN label")
    _d(good + f"   {mark}pos\n", "ok", "blank text")
    _d(good + f"nul \0 byte{mark}pos\n", "ok", "NUL in a text")
    _d(good + f"word{mark}p\0s\n", "ok", "NUL in a label")
    _d(good + f"\ud800 half{mark}pos\n", "ok", "half a surrogate pair")
    _d(good + f'"never closed{mark}pos\n', "ok", "open quote at the end")
    _d(f'text{mark}label\n"open{mark}pos\n' + good[11:], "ok", "open quote in the first row")
    _d(good + f'"closed" then more{mark}pos\n', "ok", "text after a quote")
    _d(good + f'a "bare" quote{mark}pos\n', "ok", "bare quotes")
    _d(good + f'"two\nlines"{mark}pos\n', "ok", "line end in quotes")
    _d(good + f'"{"x" * 2_000_000}"{mark}pos\n', "ok", "two million characters quoted")
    _d(good + f"{'x' * 10_000_000}{mark}pos\n", "ok", "a line of ten million characters")
    _d(good + "x" * 200_000, "ok", "no delimiter in a long last line")
    _d(f"text{mark}text\nfine film{mark}pos\n", "error", "column name twice")
    _d(f"text{mark}label{mark}label\na{mark}1{mark}2\n", "error", "label column twice")
    _d(f"{mark}\n{mark}\n{mark}\n", "error", "only delimiters")
    _d(head + f"{mark}\n{mark}\n", "error", "only empty cells")
    _d(head + f"{mark}pos\n{mark}neg\n", "error", "no text anywhere")
    _d(head + f"one{mark}\ntwo{mark}\n", "error", "no label anywhere")
    _d(head + f"one{mark}unsup\ntwo{mark}unsup\n", "error", "all unlabelled")
    _d(head + f"one{mark}a{mark}b\n" * 3, "error", "every row too wide")
    _d(head + "one\ntwo\n", "error", "every row too narrow")
    _d(
        f"alpha{mark}beta\nsome words{mark}other words\nmore yet{mark}and again\n",
        "error",
        "unclear columns",
    )
    _d(f"1{mark}2{mark}3\n4{mark}5{mark}6\n", "error", "only numbers")
    _d("just one line of prose", "error", "one line of prose")
    _d("<html><body>404 not found</body></html>\n" * 3, "error", "an HTML page")
    _d(mark.join(f"c{i}" for i in range(5000)) + "\n", "error", "five thousand columns, no row")
    _d(good + "\x1a", "ok", "an old end-of-file mark")
    _d(good + "\u2028" + f"{mark}pos\n", "ok", "a Unicode line separator")
    _d(good + f"next \x85 line{mark}pos\n", "ok", "U+0085 in a text")
    _d("\n".join(f"{'a' * i}{mark}pos" for i in range(1, 40)), "ok", "no header, one class")
_file("a.csv", CSV.replace(",", ";"), "ok", "semicolons")
_file("a.csv", CSV.replace(",", "|"), "ok", "bars")
_file("a.csv", TSV, "ok", "tabs in a .csv")
_file("a.tsv", CSV, "ok", "commas in a .tsv")
_file("a.csv", JSONL, "error", "JSON Lines in a .csv")
_file("a.jsonl", CSV, "error", "CSV in a .jsonl")
_file("a.csv", gzip.compress(CSV.encode()), "ok", "gzip without the suffix")
_file("a.dat", CSV, "ok", "unknown suffix")
_file("noname", TSV, "ok", "no suffix")
_file("a.xlsx", b"PK\x03\x04 and so on", "error", "a workbook")
_file("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50, "error", "an old workbook")
_file("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "error", "a PDF")
_file("a.bin", bytes(i * 37 % 256 for i in range(5000)), "error", "noise")

# --- JSON Lines ----------------------------------------------------------------------------
_GOOD = '{"text": "fine film", "label": "pos"}\n{"text": "dull film", "label": "neg"}\n'
for title, line in {
    "not JSON": "{text: fine}",
    "cut short": '{"text": "fi',
    "a number": "17",
    "a string": '"words"',
    "null": "null",
    "an array": "[1, 2]",
    "no text": '{"label": "pos"}',
    "no label": '{"text": "words"}',
    "text null": '{"text": null, "label": "pos"}',
    "text a number": '{"text": 5, "label": "pos"}',
    "text a list": '{"text": ["a"], "label": "pos"}',
    "text an object": '{"text": {"a": 1}, "label": "pos"}',
    "text true": '{"text": true, "label": "pos"}',
    "text empty": '{"text": "", "label": "pos"}',
    "label null": '{"text": "words", "label": null}',
    "label an object": '{"text": "words", "label": {"a": 1}}',
    "label NaN": '{"text": "words", "label": NaN}',
    "label infinite": '{"text": "words", "label": Infinity}',
    "label nested lists": '{"text": "words", "label": [["a"]]}',
    "label list with null": '{"text": "words", "label": [null]}',
    "label a huge number": '{"text": "words", "label": 1%s}' % ("0" * 5000),
    "key twice": '{"text": "one", "text": "two", "label": "pos"}',
    "lone surrogate": '{"text": "\\ud800", "label": "pos"}',
    "NUL escape": '{"text": "a\\u0000b", "label": "pos"}',
    "nested deeply": "[" * 100_000,
    "objects nested deeply": '{"a":' * 100_000,
    "two objects": '{"text": "a", "label": "b"} {"text": "c", "label": "d"}',
    "trailing comma": '{"text": "a", "label": "b",}',
    "single quotes": "{'text': 'a', 'label': 'b'}",
    "control character": '{"text": "a\x01b", "label": "pos"}',
    "ten million characters": '{"text": "%s", "label": "pos"}' % ("x" * 10_000_000),
}.items():
    _file("a.jsonl", _GOOD + line + "\n", "ok", f"good rows, then {title}")
    if title not in ("key twice", "two objects", "label nested lists", "label an object"):
        _file("a.jsonl", line + "\n", "error", f"alone: {title}")
_file("a.jsonl", b"\xef\xbb\xbf" + _GOOD.encode(), "ok", "byte-order mark")
_file("a.jsonl", _GOOD.encode("utf-16"), "ok", "UTF-16")
_file("a.jsonl", _GOOD.replace("\n", "\r\n"), "ok", "CRLF")
_file("a.jsonl", _GOOD.replace("\n", "\n \n"), "ok", "blank lines")
_file("a.jsonl", _GOOD.encode() + b'{"text": "\xff\xfe", "label": "pos"}\n', "ok", "bad bytes")
_file("a.json", json.dumps([{"text": "a", "label": "b"}]), "error", "an array of objects")
_file("a.json", json.dumps({"text": "a", "label": "b"}, indent=1), "error", "spread over lines")
_file("a.jsonl", "{}\n{}\n", "error", "empty objects")

# --- Parquet -------------------------------------------------------------------------------
_WHOLE = _parquet(FRAME)
_file("a.parquet", _WHOLE, "ok", "well-formed")
for share in (0.1, 0.5, 0.9):
    _file("a.parquet", _WHOLE[: int(len(_WHOLE) * share)], "error", f"cut at {share}")
_file("a.parquet", _WHOLE[:-1], "error", "last byte missing")
_file("a.parquet", CSV, "error", "CSV inside")
_file("a.parquet", b"PAR1", "error", "four bytes")
_file("a.parquet", b"PAR1PAR1", "error", "eight bytes")
_file("a.parquet", b"PAR1" + b"\0" * 40 + b"PAR1", "error", "zeros between marks")
_file("a.parquet", b"PAR1" + b"\xff" * 40 + b"PAR1", "error", "ones between marks")
_file("a.parquet", _WHOLE[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1", "error", "footer too long")
_file("a.parquet", _WHOLE[:4] + b"\xaa" * 60 + _WHOLE[64:], "error", "damaged pages")
_file("a.parquet", _WHOLE[:-500] + b"\x55" * 492 + _WHOLE[-8:], "error", "damaged footer")
for title, frame, expectation in (
    ("no rows", FRAME.head(0), "error"),
    ("no columns", pl.DataFrame(), "error"),
    ("one column", FRAME.select("text"), "error"),
    ("text of numbers", pl.DataFrame({"text": [1, 2], "label": ["a", "b"]}), "error"),
    ("text of lists", pl.DataFrame({"text": [["a"], ["b"]], "label": ["a", "b"]}), "error"),
    ("text null", pl.DataFrame({"text": [None, None], "label": ["a", "b"]}), "error"),
    ("text binary", pl.DataFrame({"text": [b"a", b"b"], "label": ["a", "b"]}), "error"),
    ("label null", pl.DataFrame({"text": ["a", "b"], "label": [None, None]}), "error"),
    ("a null text", pl.DataFrame({"text": ["a", None], "label": ["a", "b"]}), "ok"),
    ("label integer", pl.DataFrame({"text": ["a", "b"], "label": [0, 1]}), "ok"),
    ("label float", pl.DataFrame({"text": ["a", "b"], "label": [0.5, float("nan")]}), "ok"),
    ("label boolean", pl.DataFrame({"text": ["a", "b"], "label": [True, False]}), "ok"),
    ("label categorical", FRAME.with_columns(pl.col("label").cast(pl.Categorical)), "ok"),
    ("text categorical", FRAME.with_columns(pl.col("text").cast(pl.Categorical)), "ok"),
    ("label lists", pl.DataFrame({"text": ["a", "b"], "label": [["x"], ["x", "y"]]}), "ok"),
    ("label struct", pl.DataFrame({"text": ["a", "b"], "label": [{"x": 1}, {"x": 2}]}), "error"),
    ("label binary", pl.DataFrame({"text": ["a", "b"], "label": [b"x", b"y"]}), "error"),
    ("NUL in a text", pl.DataFrame({"text": ["a\0", "b"], "label": ["x", "y"]}), "ok"),
):
    _file("a.parquet", _parquet(frame), expectation, title)  # type: ignore[arg-type]


# --- folders -------------------------------------------------------------------------------
@_built("folder: empty", "error")
def _(folder: Path) -> Path:
    (folder / "d").mkdir()
    return folder / "d"


@_built("folder: of tables", "error")
def _(folder: Path) -> Path:
    (folder / "train.csv").write_text(CSV)
    return folder


@_built("folder: pos without neg", "error")
def _(folder: Path) -> Path:
    (folder / "pos").mkdir()
    (folder / "pos" / "1_9.txt").write_text("fine")
    return folder


@_built("folder: pos and neg, both empty", "error")
def _(folder: Path) -> Path:
    for name in ("pos", "neg"):
        (folder / name).mkdir()
    return folder


@_built("folder: only empty files", "error")
def _(folder: Path) -> Path:
    for name in ("pos", "neg"):
        (folder / name).mkdir()
        (folder / name / "0_1.txt").write_text("")
    return folder


@_built("folder: one file that is not UTF-8", "ok")
def _(folder: Path) -> Path:
    for name in ("pos", "neg"):
        (folder / name).mkdir()
        (folder / name / "0_1.txt").write_text("words")
    (folder / "pos" / "1_1.txt").write_bytes(b"caf\xe9")
    return folder


@_built("folder: odd names", "ok")
def _(folder: Path) -> Path:
    for name in ("pos", "neg"):
        (folder / name).mkdir()
        for odd in ("a.txt", "1.txt", "é.txt", "_.txt", "9" * 100 + ".txt", "٣.txt", "²_1.txt"):
            (folder / name / odd).write_text("words")
        (folder / name / "0.txt").mkdir()
    return folder


# --- imdb.npz ------------------------------------------------------------------------------
WORDS = {"the": 1, "film": 2, "fine": 3, "dull": 4}


class Evil:
    """Runs something when it is unpickled."""

    def __reduce__(self) -> Any:
        return (print, ("this must not be printed",))


def npz(x: bytes | np.ndarray[Any, Any], y: Any = (0, 1), names: str = "x_{} y_{}") -> bytes:
    """An archive as Keras writes it; x as bytes is taken for the member itself."""
    buffer = io.BytesIO()
    x_name, y_name = names.split()
    with zipfile.ZipFile(buffer, "w") as archive:
        for split in ("train", "test"):
            for name, value in ((x_name, x), (y_name, y)):
                if not isinstance(value, bytes):
                    member = io.BytesIO()
                    np.save(member, np.asarray(value), allow_pickle=True)
                    value = member.getvalue()
                archive.writestr(name.format(split) + ".npy", value)
    return buffer.getvalue()


def ranks(*lists: Any) -> np.ndarray[Any, Any]:
    array = np.empty(len(lists), dtype=object)
    for i, item in enumerate(lists):
        array[i] = item
    return array


def _member(payload: bytes, count: int = 2) -> bytes:
    header = f"{{'descr': '|O', 'fortran_order': False, 'shape': ({count},), }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + payload


GOOD_NPZ = npz(ranks([1, 2], [3, 4]))


def _npz(title: str, data: bytes, expectation: Literal["error", "ok"], index: Any = WORDS) -> None:
    def build(folder: Path) -> Path:
        path = folder / "imdb.npz"
        path.write_bytes(data)
        if index is not None:
            text = index if isinstance(index, str) else json.dumps(index)
            (folder / "imdb_word_index.json").write_text(text)
        return path

    CASES.append((f"npz: {title}", build, expectation))


_npz("well-formed", GOOD_NPZ, "ok")
_npz("rank without a word", npz(ranks([1, 99], [3])), "ok")
_npz("an empty review", npz(ranks([1], [])), "ok")
_npz("no word index", GOOD_NPZ, "error", None)
_npz("word index not JSON", GOOD_NPZ, "error", "{")
_npz("word index a list", GOOD_NPZ, "error", [1])
_npz("word index of words", GOOD_NPZ, "error", {"a": "b"})
_npz("word index nested deeply", GOOD_NPZ, "error", "[" * 100_000)
_npz("cut in half", GOOD_NPZ[: len(GOOD_NPZ) // 2], "error")
_npz("cut at the end", GOOD_NPZ[:-30], "error")
_npz("damaged inside", GOOD_NPZ[:80] + b"\xff" * 30 + GOOD_NPZ[110:], "error")
_npz("other members", npz(ranks([1], [2]), names="a_{} b_{}"), "error")
_npz("labels missing", npz(ranks([1], [2]), names="x_{} b_{}"), "error")
_npz("labels too few", npz(ranks([1], [2]), y=(1,)), "error")
_npz("labels of texts", npz(ranks([1], [2]), y=("a", "b")), "error")
_npz("labels of floats", npz(ranks([1], [2]), y=(0.5, 1.0)), "error")
_npz("reviews of numbers", npz(np.array([1, 2])), "error")
_npz("reviews of texts", npz(ranks("one", "two")), "error")
_npz("reviews of floats", npz(ranks([1.5], [2])), "error")
_npz("reviews of negative ranks", npz(ranks([-1], [2])), "error")
_npz("reviews of booleans", npz(ranks([True], [2])), "error")
_npz("lists in lists", npz(ranks([[1]], [2])), "error")
_npz("two axes", npz(np.array([[1, 2], [3, 4]], dtype=object)), "error")
_npz("dictionaries", npz(ranks({"a": 1}, [2])), "error")
_npz("code in a cell", npz(ranks(Evil(), [2])), "error")
_npz("code instead of an array", npz(_member(pickle.dumps(Evil()))), "error")
_npz("a bare list", npz(_member(pickle.dumps([[1], [2]]))), "error")
_npz("os.system", npz(_member(b"cos\nsystem\n(S'echo bad'\ntR.")), "error")
_npz("builtins.eval", npz(_member(b"cbuiltins\neval\n(S'1+1'\ntR.")), "error")
_npz("numpy's own loader", npz(_member(b"cnumpy\nload\n(S'/etc/hosts'\ntR.")), "error")
_npz("a dotted name", npz(_member(b"\x80\x04\x8c\x05numpy\x8c\x0fndarray.tofile\x93.")), "error")
_npz("a persistent id", npz(_member(b"Pabc\n.")), "error")
_npz("a pickle cut short", npz(_member(pickle.dumps(ranks([1], [2]))[:-20])), "error")
_npz("an empty pickle", npz(_member(b"")), "error")
_npz("noise for a pickle", npz(_member(bytes(range(256)))), "error")
_npz("a wrong count", npz(_member(pickle.dumps(ranks([1], [2])), 3)), "error")
_npz("no array", npz(b"nothing"), "error")
_npz(
    "a header of code",
    npz(b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').getcwd()" + b" " * 7),
    "error",
)
_npz(
    "a terabyte claimed",
    npz(
        ranks([1], [2]),
        y=b"\x93NUMPY\x01\x00\x76\x00"
        + (
            b"{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117)
            + b"\n"
        ),
    ),
    "error",
)


# --- paths ---------------------------------------------------------------------------------
@_built("path: a pipe", "error")
def _(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.csv")
    return folder / "pipe.csv"


@_built("path: a link that leads nowhere", "error")
def _(folder: Path) -> Path:
    (folder / "a.csv").symlink_to(folder / "absent.csv")
    return folder / "a.csv"


@_built("path: a link to itself", "error")
def _(folder: Path) -> Path:
    (folder / "a.csv").symlink_to(folder / "a.csv")
    return folder / "a.csv"


@_built("path: a name with a line end that is missing", "error")
def _(folder: Path) -> Path:
    return folder / "two\nlines.csv"


@_built("path: a name that is too long", "error")
def _(folder: Path) -> Path:
    return folder / ("x" * 5000)


@_built("path: through a file", "error")
def _(folder: Path) -> Path:
    (folder / "a.csv").write_text(CSV)
    return folder / "a.csv" / "b.csv"


@_built("path: the null device", "error")
def _(folder: Path) -> Path:
    return Path("/dev/null")


@_built("path: a tar archive of tables", "error")
def _(folder: Path) -> Path:
    (folder / "a.csv").write_text(CSV)
    with tarfile.open(folder / "a.tar.gz", "w:gz") as tar:
        tar.add(folder / "a.csv", "a.csv")
    return folder / "a.tar.gz"
