"""TextClassifier's vectors: scikit-learn's `transform`, and word vectors for gensim."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import TransformerMixin

from heedful.learn.embedding import text_vectors, vocabulary_vectors, width_of
from heedful.learn.model import TextModel, threads_for, using_threads
from heedful.learn.reading import as_texts
from heedful.text.keyed import keyed_vectors


class Embeds(TransformerMixin):  # type: ignore[misc]
    """What a fitted classifier makes of texts before it decides. See `learn.embedding`."""

    def _fitted(self) -> TextModel:
        raise NotImplementedError

    def transform(self, X: Iterable[str]) -> NDArray[np.float32]:  # noqa: N803
        """(N, H) attention-pooled vectors of texts; zeros for a text without tokens.

        After `set_output(transform="pandas")` or `"polars"` a table of them.

        Raises:
            HeedfulError: no texts, or a model without an attention network (preset `fast`).
        """
        model, texts = self._fitted(), as_texts(X)
        with using_threads(threads_for(texts, model.config.train.threads)):
            return text_vectors(model, texts)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """(H,) names of the columns of `transform`."""
        return np.array([f"vector{i}" for i in range(width_of(self._fitted()))], dtype=object)

    def to_keyed_vectors(self) -> Any:
        """The word vectors of the vocabulary as gensim's `KeyedVectors`.

        Raises:
            HeedfulError: gensim is not installed, or a model without an attention network.
        """
        return keyed_vectors(*vocabulary_vectors(self._fitted()))
