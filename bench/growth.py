"""Time and memory from a thousand to a million texts: training, and scoring from a file.

    python bench/growth.py --data DATA
    python bench/growth.py --data DATA --limit 10000 --contenders heedful:default sklearn:bi

Texts are about 20 words, drawn with their label from IMDB's training reviews (or heedful's own
generator: --source reviews), shuffled within a review: a vocabulary that grows as real ones do.
Training is one pass (`train.epochs=1`) without validation, so that sizes are comparable; a preset
that has no passes ignores that. heedful runs as its users start it, `heedful train` and `heedful
predict --input FILE --output FILE`, whole processes with start-up and reading; the peers read the
same texts and write their labels likewise (contend.py). Every size from 1,000 in tens to --limit
(0 = 1,000,000). Peak memory is the whole process's. Writes bench/results/growth.json.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import contest
import sets
from contenders import parse

from heedful.presets import PRESETS
from heedful.text.generate.reviews import generate

OURS = tuple(f"heedful:{name}" for name in ("fast", "default") if name in PRESETS)
WORDS = 20
MOST = 1_000_000
HEAD = (
    "contender", "texts", "train, s", "texts/s", "peak, MiB", "score, s", "texts/s", "peak, MiB",
)  # fmt: skip


def sizes(limit: int) -> list[int]:
    """1,000, 10,000, ... up to `limit`, which is the last whatever it is."""
    found, most = [1000], limit or MOST
    while found[-1] * 10 <= most:
        found.append(found[-1] * 10)
    return found if most >= 1000 else [most]


def made(source: sets.Part, count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Label and text: words of one text of the source, in another order."""
    drawn = random.Random(seed)
    split = [text.replace('"', " ").replace("\t", " ").split() for text in source.texts]
    for _ in range(count):
        row = drawn.randrange(len(split))
        yield source.labels[row][0], " ".join(drawn.choices(split[row], k=WORDS))


def source_of(options: argparse.Namespace) -> sets.Part:
    """Where words come from."""
    if options.source == "reviews":
        found = generate(2000, 0)
        return sets.Part([e.text for e in found], [list(e.labels) for e in found])
    return sets.read(options.data / "imdb" / "train.tsv").limited(0)


def files(folder: Path, source: sets.Part, count: int) -> None:
    """train.csv and score.csv for heedful, round.json and score.txt for its peers."""
    rows = list(made(source, count, count))
    lines = "".join(f'{label},"{text}"\n' for label, text in rows)
    (folder / "train.csv").write_text("label,text\n" + lines, encoding="utf-8")
    part = sets.Part([text for _, text in rows], [[label] for label, _ in rows])
    names = sorted({label for label, _ in rows})
    sets.Round(part, sets.Part([], []), False, names).save(folder / "round.json")
    again = [text for _, text in made(source, count, count + 1)]
    quoted = "".join(f'"{text}"\n' for text in again)
    (folder / "score.csv").write_text("text\n" + quoted, encoding="utf-8")
    (folder / "score.txt").write_text("\n".join(["text", *again, ""]), encoding="utf-8")


def ours(name: str, folder: Path) -> tuple[contest.Spent, contest.Spent | None]:
    """heedful from the command line."""
    _, preset, settings = parse(name)
    run, given = str(folder / "run"), {"train.epochs": "1", "train.validation": "0", **settings}
    start = (sys.executable, "-m", "heedful")
    sets_ = [part for k, v in given.items() for part in ("--set", f"{k}={v}")]
    flags = ("--preset", preset, "--no-baseline", "--overwrite", *sets_)
    trained = contest.run([*start, "train", str(folder / "train.csv"), "--out", run, *flags])
    if trained.status:
        return trained, None
    out = ("--output", str(folder / "out.jsonl"))
    return trained, contest.run(
        [*start, "predict", run, "--input", str(folder / "score.csv"), *out]
    )


def theirs(name: str, folder: Path, peers: Path) -> tuple[contest.Spent, contest.Spent | None]:
    """A peer by contend.py."""
    run, out = str(folder / "run"), str(folder / "out.json")
    data, texts = str(folder / "round.json"), str(folder / "score.txt")
    start = (str(peers), str(contest.BENCH / "contend.py"))
    trained = contest.run([*start, "train", name, "0", data, run, out])
    if trained.status:
        return trained, None
    return trained, contest.run([*start, "stream", name, texts, run, out])


def measured(name: str, source: sets.Part, count: int, peers: Path) -> dict[str, Any]:
    """One contender at one size."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        files(folder, source, count)
        mine = parse(name)[0] == "heedful"
        trained, scored = ours(name, folder) if mine else theirs(name, folder, peers)
    result: dict[str, Any] = {"contender": name, "texts": count}
    for what, spent in (("train", trained), ("score", scored)):
        result[what] = None if spent is None or spent.status else vars(spent)
    return result


def row(result: dict[str, Any]) -> list[str]:
    """One row of the table."""
    cells = [result["contender"], f"{result['texts']:,}"]
    for what in ("train", "score"):
        spent = result[what]
        if spent is None:
            cells += ["failed", "–", "–"]
            continue
        rate = result["texts"] / spent["wall"]
        cells += [f"{spent['wall']:.1f}", f"{rate:,.0f}", f"{spent['peak_mib']:,}"]
    return cells


def main() -> None:
    """Read the arguments; run, print, write."""
    parser = contest.parser(__doc__)
    parser.add_argument("--contenders", nargs="+", default=[*OURS, "sklearn:bi", "fasttext:2"])
    parser.add_argument("--source", choices=("imdb", "reviews"), default="imdb")
    options = parser.parse_args()
    contest.prepare(options)
    results: list[dict[str, Any]] = []
    facts = {"machine": contest.machine(), "words": WORDS, "results": results}
    source = source_of(options)
    for name in options.contenders:
        for count in sizes(options.limit):
            results.append(measured(name, source, count, options.peers))
            contest.write(options, "growth", facts)
            print(f"| {' | '.join(row(results[-1]))} |", file=sys.stderr, flush=True)
    print(contest.table(HEAD, [row(result) for result in results]))
    raise SystemExit(int(any(r["train"] is None or r["score"] is None for r in results)))


if __name__ == "__main__":
    main()
