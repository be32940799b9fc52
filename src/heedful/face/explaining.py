"""`heedful explain`: heat maps in the terminal, as a page, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from heedful.explain.legend import METHODS, check_methods
from heedful.explain.methods import check_maps, methods_of
from heedful.explain.whole_words import in_words, reads_pieces
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.explain import Maps, explained, explained_on
from heedful.face.console import Counter, note
from heedful.face.explained import (
    Wanted,
    check_target,
    check_wanted,
    show_explained,
    wanted_examples,
)
from heedful.face.remembering import remembered
from heedful.learn.folder import load_model
from heedful.learn.layout import TRUST
from heedful.learn.model import TextModel, using_threads
from heedful.learn.run import read_json
from heedful.records import Example, HeedfulError
from heedful.text.corpus import ReadOptions

FEW = 25
"""Texts up to which cards are measured unasked: that takes some seconds at most."""


def run_explain(
    run: str,
    texts: Sequence[str],
    paths: Sequence[str],
    options: ReadOptions,
    wanted: Wanted,
    cluster: Cluster | None = None,
) -> None:
    """Explain texts given as arguments and rows of files, here or on a cluster."""
    check_methods([wanted.method] if wanted.method else [])
    check_wanted(wanted, texts, paths)
    folder = Path(run)
    model = load_model(folder)
    check_target(wanted.target, model.labels.names)
    if wanted.pieces and not reads_pieces(model):
        raise HeedfulError("--pieces means nothing for a run that reads words; leave it out")
    plain = replace(options, labelled=False)
    examples = wanted_examples(texts, paths, plain, remembered(folder, plain), wanted.limit)
    method = wanted.method or shown_by_default(folder)
    check_maps(model.network, [method])
    maps = _maps(model, examples, wanted, method)
    with using_threads(0), Counter() as counter:
        found = []
        for one in explained_on(run, maps, cluster) if cluster else explained(model, maps):
            found.append(one)
            if maps.cards or cluster:
                counter(
                    f"texts {'measured' if maps.cards else 'explained'}", len(found), len(examples)
                )
    if reads_pieces(model) and any(one.trust for one in found):
        note("cards of trust erase word pieces, the model's tokens, one by one")
    if not wanted.pieces:
        found = [in_words(model, one) for one in found]
    show_explained(found, wanted, folder.name, method)


def shown_by_default(folder: Path) -> str:
    """The map that `heedful trust` found best for this run; contribution where it was not run."""
    if not (folder / TRUST).exists():
        return "contribution"
    found = read_json(folder / TRUST)
    if not isinstance(found, dict):
        raise HeedfulError(
            f"{folder / TRUST} is damaged: it is no JSON object; run heedful trust again"
        )
    return found["show"] if found.get("show") in METHODS else "contribution"


def _maps(model: TextModel, examples: Sequence[Example], wanted: Wanted, method: str) -> Maps:
    """What is to be made of the texts."""
    further = [method]
    if wanted.all_methods:
        further = [m for m in methods_of(model.network) if m != "random" or m == method]
    with_cards = len(examples) <= FEW if wanted.trust is None else wanted.trust
    if wanted.trust is None and not with_cards:
        note(f"no cards of trust for {len(examples):,} texts; --trust measures them")
    return Maps(tuple(examples), wanted.target, tuple(further), with_cards)
