"""`heedful report` on a run that rewrites: one page with its figures, mistakes and alignments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heedful.face.alignment_page import alignment_html
from heedful.face.console import figure_text, interval_text, note, write_text
from heedful.face.rewriting_evaluating import FIGURES
from heedful.learn.card import exact_leaks, near_leaks
from heedful.learn.evaluations import evaluations, examples_of
from heedful.learn.layout import REPORT, TRUST
from heedful.learn.run import read_json, read_sequence_config
from heedful.records import HeedfulError, Rewriting


def run_sequence_report(run: str, html: str | None, png: str | None, data: str | None) -> None:
    """Write the page, and its pictures as PNG files where asked for: from the run folder alone.

    Raises:
        HeedfulError: the run was not evaluated yet, or not on this; it is damaged.
    """
    folder = Path(run)
    read_sequence_config(folder)
    record = _chosen(folder, data)
    try:
        examples = examples_of(folder, record)
        wrong = [Rewriting.from_json(one["rewriting"]) for one in examples if not one["right"]]
        right = [Rewriting.from_json(one["rewriting"]) for one in examples if one["right"]]
        wanted = [" or ".join(one["targets"]) for one in examples if not one["right"]]
    except (KeyError, TypeError, ValueError) as error:
        raise HeedfulError(
            f"{folder}: evaluations/{record['id']}.json is damaged ({error!r}); run heedful "
            "evaluate again"
        ) from None
    notes = [*_figures(record), *_trusted(folder), *_order(wanted, len(right))]
    page = alignment_html([*wrong, *right], title=f"heedful: {folder.resolve().name}", notes=notes)
    target = html or str(folder / REPORT)
    write_text(target, page)
    if target != "-":
        note(f"{target}: {len(page.encode('utf-8', 'replace')) / 1e6:.1f} MB, one file to mail")
    if png:
        # matplotlib takes half a second to load, and only this needs it.
        from heedful.face.rewriting_plots import write_pictures

        write_pictures(Path(png), folder, [*wrong, *right])


def _chosen(folder: Path, wanted: str | None) -> dict[str, Any]:
    """The evaluation asked for by file name or id; else the newest."""
    records = evaluations(folder)
    found = [r for r in records if wanted in (None, r["id"], ", ".join(r["data"]), *r["data"])]
    if found:
        return found[-1]
    known = "; ".join(f"{', '.join(r['data'])} ({r['id']})" for r in records) or "none yet"
    asked = "no evaluation" if wanted is None else f"no evaluation {wanted!r}"
    raise HeedfulError(
        f"{folder} holds {asked}; there are: {known}; heedful evaluate {folder} PAIRS makes one"
    )


def _figures(record: Mapping[str, Any]) -> list[str]:
    said = []
    for name, key in FIGURES:
        interval = interval_text(record["intervals"], key)
        said.append(f"{name} {figure_text(key, record[key])}{f' ({interval})' * bool(interval)}")
    lines = [
        f"On {record['rows']:,} pairs of {', '.join(record['data'])}, from decoded output: "
        f"{'; '.join(said)}.",
        f"sacrebleu: BLEU {record['bleu_signature']}; chrF {record['chrf_signature']}.",
    ]
    if record["cut_off"]:
        lines.append(f"{record['cut_off']:,} outputs were cut off at the maximum length.")
    return [*lines, *(f"{line}." for line in exact_leaks(record) + near_leaks(record))]


def _trusted(folder: Path) -> list[str]:
    """What `heedful trust` last said of the alignments."""
    if not (folder / TRUST).exists():
        return ["How far to trust these maps is not measured yet: heedful trust RUN PAIRS."]
    found = read_json(folder / TRUST)
    try:
        return [str(found["erasure"]["sentence"])]
    except (KeyError, TypeError):
        raise HeedfulError(f"{folder / TRUST} is damaged; run heedful trust again") from None


def _order(wanted: list[str], right: int) -> list[str]:
    lines = []
    if wanted:
        lines.append(
            f"First come {len(wanted)} mistakes, the surest first. What was wanted: "
            f"{'; '.join(wanted)}."
        )
    return [*lines, f"Then come {right} that are right, drawn at random."] if right else lines
