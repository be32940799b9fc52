"""How a corpus is to be read: the one record that every reader takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadOptions:
    """How a corpus is to be read; every None is found out from the data and said aloud.

    Attributes:
        text: name of the text column.
        label: name of the label column.
        delimiter: what separates the columns of a CSV or TSV file.
        encoding: of the file, by its Python name.
        label_map: pairs (raw value, name) applied to the label values.
        split: keep the rows whose split column has this value; "all" keeps every row.
        usual_split: what `split` is for data that holds this split and others.
        multi_label: a row may carry several labels.
        label_separator: what separates them within a cell.
        max_characters: a longer text is a bad row.
        num_words: `imdb.npz`: keep ids below this, the others become `oov_char`.
        start_char: `imdb.npz`: the id put before each review.
        oov_char: `imdb.npz`: the id of a word that `num_words` cuts off.
        index_from: `imdb.npz`: added to every stored rank.
        header: whether the first line of a CSV or TSV file names the columns.
        labelled: False when predicting: rows without a label are fine.
        beside: rows carry the cells of all columns but the text's.
    """

    text: str | None = None
    label: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    label_map: tuple[tuple[str, str], ...] = ()
    split: str | None = None
    usual_split: str | None = None
    multi_label: bool | None = None
    label_separator: str | None = None
    max_characters: int = 500_000
    num_words: int | None = None
    start_char: int = 1
    oov_char: int = 2
    index_from: int = 3
    header: bool | None = None
    labelled: bool = True
    beside: bool = False
