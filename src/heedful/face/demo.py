"""`heedful demo`: the whole product on built-in data, in about a minute."""

from __future__ import annotations

import shutil
from pathlib import Path

from heedful.explain.trusted import trusted_examples
from heedful.face.console import note, stdout, write_text
from heedful.face.evaluating import run_evaluate
from heedful.face.remembering import facts
from heedful.face.render import to_html, to_terminal
from heedful.face.reporting import run_report
from heedful.face.rewriting_demo import MAPS, TIMES, WRITER, rewrite_times
from heedful.face.training import Job, run_training
from heedful.learn.folder import load_model
from heedful.learn.model import using_threads
from heedful.learn.run import is_run
from heedful.presets import preset
from heedful.records import Example, HeedfulError
from heedful.settings import apply
from heedful.text.corpus import ReadOptions, read

# The data are small: small batches and a higher rate make enough steps. Embedding drop-out keeps
# the network from learning the templates by heart.
SETTINGS = {
    "train.epochs": 8,
    "train.batch_size": 32,
    "train.learning_rate": 3e-3,
    "model.embedding_dropout": 0.3,
}
OWN_TEXTS = (
    "My cousins called the plot terrible, but to me it was truly moving. The acting is not at all "
    "dull! :)",
    "I expected a brilliant camera and got the opposite: the battery is never reliable.",
)
PAGE_TEXTS = 40
DATA = "reviews"
PAGE = "heat-maps.html"
REPORT = "report.html"


def run_demo(out: str) -> int:
    """Train on built-in reviews, evaluate on others, explain some, report, say how to go on.

    Returns the exit code of the training.
    """
    folder = Path(out)
    run = folder / "run"
    _clear(folder)
    note("1. training on 2,000 built-in product and film reviews", style="bold")
    config = apply(preset("default"), SETTINGS)
    options = ReadOptions()
    code = run_training(Job((DATA,), (), str(run)), config, options)
    if code:
        return code
    note("\n2. evaluating on 500 other reviews", style="bold")
    run_evaluate(str(run), ["reviews:test"], options, None)
    note("\n3. explaining: every token's share, and how far to trust it", style="bold")
    _explain(run, folder / PAGE)
    note("\n4. a report: one page with all there is to judge the model by", style="bold")
    run_report(str(run), str(folder / REPORT), None, None)
    note("\n5. a network that rewrites: a time as people write it becomes 24 h", style="bold")
    code = rewrite_times(folder)
    note(
        f"\nopen {folder / REPORT}, {folder / PAGE} and {folder / MAPS} in a browser; with your "
        "own data:\n"
        "  heedful train my.csv --out my-run\n"
        "  heedful evaluate my-run test.csv && heedful report my-run\n"
        '  heedful explain my-run "a text of yours"\n'
        "  heedful train pairs.csv --source COL --target COL --out my-writer\n"
        '  heedful translate my-writer "a text of yours"',
        style="bold",
    )
    return code


def _clear(folder: Path) -> None:
    """Remove an older demo, also one that was broken off, and nothing else."""
    run, writer, *pages = (folder / name for name in ("run", WRITER, PAGE, REPORT, MAPS))
    if folder.exists() and not folder.is_dir():
        raise HeedfulError(f"{folder} is a file; name a folder with --out")
    strange = folder.exists() and any(
        path not in (run, writer, *pages) for path in folder.iterdir()
    )
    others = (
        is_run(path) and facts(path).get("files") != [data]
        for path, data in ((run, DATA), (writer, TIMES))
    )
    if strange or any(others):
        raise HeedfulError(f"{folder} holds something else than a demo; choose another --out")
    for path in (run, writer):
        if path.exists():
            shutil.rmtree(path)
    for page in pages:
        page.unlink(missing_ok=True)


def _explain(run: Path, page: Path) -> None:
    model = load_model(run)
    examples = read(["reviews:test"]).examples[:PAGE_TEXTS]
    with using_threads(0):
        own = list(trusted_examples(model, [Example(text) for text in OWN_TEXTS]))
        found = list(trusted_examples(model, examples))
    for explanation in own:
        stdout().print(to_terminal(explanation))
        stdout().print()
    write_text(str(page), to_html([*own, *found], title="heedful demo: reviews"))
