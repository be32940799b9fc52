"""Which settings are searched for, by size of data and length of text.

What is here comes from validation on the training side of MR, TREC and IMDB (docs/tune.md,
docs/design.md): settings that never mattered there are left alone, and ranges end where nothing was
won any more.
"""

from __future__ import annotations

from heedful.config import Config
from heedful.learn.tune.profile import Profile
from heedful.learn.tune.space import ENCODER, Dimension, Params, Space, Value, around
from heedful.settings import apply, has_shapes

NETWORKS = frozenset(("token", "conv", "bilstm", "bigru", "transformer"))
_WIDE = NETWORKS - {"token", "transformer"}  # whose heads must share the width evenly
_CONV = frozenset(("conv",))

SHORT_TIPS: dict[str, Params] = {
    "vectors": {
        "pretrain.on_training": True,
        "train.validation": 0.05,
        "evidence.cost": 0.05,
    },
}
"""What was good on the training side of MR (docs/tune.md): tried before anything is drawn."""


def space_for(base: Config, profile: Profile, fixed: frozenset[str] = frozenset()) -> Space:
    """The space for some data.

    Args:
        base: what trials start from, see `profile.pinned`.
        profile: of the data.
        fixed: addresses of settings that somebody has set: these are not searched for.
    """
    found = [_encoders(base, profile), *_evidence(base, profile), *_network(base, profile)]
    return around(base, found, fixed)


def settings_of(params: Params) -> dict[str, Value]:
    """The settings of a trial: its values, and what goes with its encoder."""
    encoder = params.get(ENCODER)
    found = dict(params)
    if encoder == "none":  # word vectors would have no use
        found |= {"pretrain.on_training": False, "train.tying": 0}
    if encoder is not None and encoder != "conv":
        found["pretrain.regions"] = 0
    return found


def config_of(space: Space, params: Params) -> Config:
    """The settings of a trial, checked.

    Raises:
        HeedfulError: they contradict each other.
    """
    return apply(space.base, settings_of(params))


def plan_of(space: Space, profile: Profile, preset: str) -> list[tuple[str, Params]]:
    """The first trials by name: the preset as it is, n-gram evidence alone (`fast`), tips."""
    tips = SHORT_TIPS if profile.short and space.base.model.encoder == "conv" else {}
    found = [(preset, space.start())]
    encoder = next((d for d in space.dimensions if d.address == ENCODER), None)
    if encoder is not None and "none" in encoder.values:
        found.append(("fast", space.start({ENCODER: "none"})))
    found += [(name, space.start(values)) for name, values in tips.items()]
    return [each for i, each in enumerate(found) if each[1] not in [p for _, p in found[:i]]]


def _encoders(base: Config, profile: Profile) -> Dimension:
    """The base's own, a convolution, and none where there is evidence to decide alone."""
    names: list[Value] = [base.model.encoder]
    bound = base.model.query == "final" or base.train.tying > 0 or base.train.vectors is not None
    if not bound:  # all else may be exchanged without another setting being wrong
        names += ["conv"] if profile.much or not profile.short else ["conv", "bigru"]
        names += ["none"] if base.evidence.orders else []
    return Dimension(ENCODER, tuple(dict.fromkeys(names)))


def _evidence(base: Config, profile: Profile) -> list[Dimension]:
    """Of n-gram evidence, where the base has any."""
    if not base.evidence.orders:
        return []
    found = [
        Dimension("evidence.orders", low=2, high=4, whole=True),
        Dimension("evidence.cost", low=0.02, high=0.5, log=True),
        Dimension("evidence.loss", ("squared-hinge", "logistic")),
        Dimension("evidence.smoothing", low=0.5, high=8, log=True),
        Dimension("evidence.length", low=0, high=0.5),
        Dimension("evidence.min_texts", low=1, high=2 if profile.short else 5, whole=True),
    ]
    if profile.short:
        found += [
            Dimension("evidence.subwords", (0, 4, 5, 6)),
            Dimension("evidence.reach", low=1, high=6, whole=True),
            Dimension("evidence.borders", (False, True)),
        ]
        found += [Dimension("evidence.frames", (False, True))] if has_shapes(base) else []
    return found


def _network(base: Config, profile: Profile) -> list[Dimension]:
    """Of the attention network and how it learns."""
    windows = ("1,3,5", "1,3,5,7", "1,3", "3", "5") if profile.short else ("3", "5", "7", "3,5")
    epochs = (3, 10) if profile.short else ((2, 5) if profile.much else (3, 8))
    free = base.train.vectors is None and base.train.tying == 0
    found = [
        Dimension("model.word_dropout", low=0, high=0.4),
        Dimension("model.embedding_dropout", low=0.1, high=0.7),
        Dimension("model.head_dropout", low=0, high=0.6),
        Dimension("model.pooling", ("attention", "attention+max")),
        Dimension("train.learning_rate", low=5e-4, high=6e-3, log=True),
        Dimension("train.batch_size", (32, 64, 128)),
        Dimension("train.epochs", low=epochs[0], high=epochs[1], whole=True),
        Dimension("train.average", (0.98, 0.99, 0.995)),
        Dimension("train.keep_epoch", ("best", "last")),
        Dimension("train.validation", (0.1, 0.2) if profile.small else (0.05, 0.1)),
    ]
    found = [_for(NETWORKS, each) for each in found]
    if free:
        hidden = (64, 256) if profile.short else (128, 320)
        found += [
            Dimension("model.hidden", (), *hidden, log=True, whole=True, encoders=_WIDE),
            Dimension("model.embedding", (), 64, 300, log=True, whole=True, encoders=NETWORKS),
            Dimension("pretrain.on_training", (False, True), encoders=NETWORKS),
        ]
    found.append(Dimension("model.window", windows, encoders=_CONV))
    if base.pretrain.objective == "none":
        found = [d for d in found if d.address != "pretrain.on_training"]
    found.append(Dimension("pretrain.regions", low=0, high=2, whole=True, encoders=_CONV))
    return found


def _for(encoders: frozenset[str], dimension: Dimension) -> Dimension:
    return Dimension(
        dimension.address, dimension.values, dimension.low, dimension.high, dimension.log,
        dimension.whole, encoders,
    )  # fmt: skip
