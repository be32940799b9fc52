"""`heedful predict --engine ray`: rows of any number, scored by the workers of a cluster.

The figures are the local engine's to the last bit: the same reader, the same pieces, the same
code, on the workers.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from heedful.face.cluster.driving import Task, score
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.journal import Keeper, begun
from heedful.face.cluster.look import columns_of
from heedful.face.cluster.places import Place, expanded
from heedful.face.cluster.scoring import Writing
from heedful.face.cluster.start import cluster
from heedful.face.cluster.store import Disk, Store, check_folder, store_at
from heedful.face.console import note
from heedful.face.output.asked import Output
from heedful.face.output.identity import identity
from heedful.face.output.locking import locked
from heedful.face.scorer import open_scorer
from heedful.face.scoring import prediction_columns, scoring_options
from heedful.records import HeedfulError
from heedful.text.options import ReadOptions


def run_predict_on_cluster(
    run: str,
    texts: Sequence[str],
    inputs: Sequence[str],
    options: ReadOptions,
    output: Output,
    asked: Cluster,
) -> None:
    """A folder of Parquet files whose rows are, in the order of their names, the local engine's.

    Raises:
        HeedfulError: nothing to predict, something cannot be read, written or resumed, or the
            cluster gives up.
    """
    if texts or not inputs:
        raise HeedfulError("--engine ray predicts files; give them with --input")
    if output.path == "-" or (output.named or "parquet") != "parquet":
        raise HeedfulError("--engine ray writes a folder of Parquet files; say --output FOLDER")
    store = store_at(output.path)
    check_folder(store)
    places = tuple(expanded(inputs))
    _refuse_to_lose_input(store, places)
    model = open_scorer(run)
    task = Task(run, places, scoring_options(model, options, output))
    with _locked(store):
        names = [place.name for place in places]
        about = identity(Path(run), (), names, _about(task, output))
        journal = begun(store, about, len(places), resume=output.resume)
        if not journal.complete:
            with cluster(asked) as workers:
                beside = columns_of(places, task.options)
                columns = prediction_columns(model, output, beside)
                writing = Writing(store.name, columns, len(places), output.with_text, beside)
                score(task, writing, Keeper(store, journal), workers)
        store.finish(journal.names())
    rows = f"{journal.rows:,} row{'s' if journal.rows != 1 else ''}"
    note(f"{rows} in {output.path}, {journal.errors:,} with an error")


def _about(task: Task, output: Output) -> dict[str, Any]:
    """What the results hang on beside model and inputs, by the names of flags."""
    known = asdict(task.options)
    flags = {"with_text": output.with_text, "keep_columns": known.pop("beside")}
    remote = {place.name: (place.size, place.modified) for place in task.places if place.remote}
    return known | flags | {"input": remote}


def _refuse_to_lose_input(store: Store, places: Sequence[Place]) -> None:
    for place in places:
        inside = (
            store.path in Path(place.name).parents
            if isinstance(store, Disk)
            else place.name.startswith(f"{store.name}/")
        )
        if inside:
            raise HeedfulError(f"{store.name} holds an input, {place.name}; give --output another")


@contextmanager
def _locked(store: Store) -> Iterator[None]:
    """One command at a time, where there are locks."""
    if not isinstance(store, Disk):
        yield
        return
    try:
        store.parts.mkdir(parents=True, exist_ok=True)
        lock = locked(store.parts / "lock", store.path)
    except OSError as error:
        raise HeedfulError(f"{store.name} cannot be written: {error.strerror}") from None
    with lock:
        try:
            yield
        finally:
            if store.parts.exists() and not store.saved():
                shutil.rmtree(store.parts, ignore_errors=True)
