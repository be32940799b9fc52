"""The settings of a run: frozen dataclasses. How they are changed and checked: `settings`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Encoder = Literal["token", "conv", "bilstm", "bigru", "transformer", "none", "hf"]
Score = Literal[
    "additive", "concat", "general", "dot", "scaled-dot", "content", "location", "uniform"
]
Unit = Literal["character", "word", "subword"]
ENCODERS: tuple[str, ...] = tuple(x for x in get_args(Encoder) if x not in ("none", "hf"))
SCORES: tuple[str, ...] = get_args(Score)


@dataclass(frozen=True)
class TextConfig:
    """From text to ids.

    Attributes:
        unit: what a token is; `whitespace`: what stands between white space, as Keras'
            TextVectorization has it (text/spaced.py); `piece`: what the tokenizer of a
            pre-trained transformer cuts.
        lowercase: fold case (on the token; offsets stay).
        punctuation: keep punctuation marks as tokens. Emoticons and emoji always stay.
        lemmas: language code ("en", "de", ...) whose lemmas replace the words; None = no.
        stop_words: language code whose stop words are dropped; None = keep every word.
        keep_negations: "not", "no", "never", ... survive stop-word removal.
        vocabulary: most distinct tokens kept, the four reserved ones included.
        min_frequency: a token must occur this often in the training texts.
        max_tokens: read at most so many tokens of a text; None = read everything.
        keep: which end survives `max_tokens`: the first, the last, or half of each.
    """

    unit: Literal["word", "character", "whitespace", "piece"] = "word"
    lowercase: bool = True
    punctuation: bool = True
    lemmas: str | None = None
    stop_words: str | None = None
    keep_negations: bool = True
    vocabulary: int = 30_000
    min_frequency: int = 2
    max_tokens: int | None = None
    keep: Literal["first", "last", "both"] = "first"


@dataclass(frozen=True)
class ModelConfig:
    """The network: Embed -> Encode -> Attend -> Predict.

    Attributes:
        embedding: width E of a token vector (a vectors file overrides it).
        embedding_dropout: share of embedding values dropped while training.
        word_dropout: share of tokens replaced by the unknown token while training.
        words: the most frequent words of the vocabulary that have a vector of their own; rarer
            ones are the unknown word here (n-gram evidence knows them still).
        encoder: `token` (no context), `conv` (window), `bilstm`, `bigru`, `transformer`; `none` =
            no attention network at all: n-gram evidence decides alone; `hf` = a pre-trained
            transformer (section `hf`), written `hf:PATH_OR_NAME`.
        hidden: units per direction, channels of the convolution, or width of the transformer;
            ignored by `token`.
        layers: how many encoder layers are stacked.
        bidirectional: read backwards too (recurrent encoders only).
        window: tokens a convolution sees at once; odd. Several (1,3,5) stand side by side, each
            with `hidden` channels.
        encoder_dropout: after each layer (transformer: on what its attention and feed-forward
            layers add); one number for all, or one per layer.
        gate: activation of the recurrent gates; `relu` is slow and there for comparison.
        attention: the score function.
        attention_width: width of the additive and concat score's hidden layer.
        attention_depth: hidden layers in the additive score.
        attention_activation: its activation.
        query: a learned vector, or the encoder's final states (recurrent encoders only).
        pooling: `attention` alone, or with the largest value of each unit beside it.
        head: `linear`, or `dense` (one hidden layer).
        head_width: units of the dense head's hidden layer.
        head_activation: its activation.
        head_dropout: drop-out before the last layer.
        heads: of the transformer's self-attention; `hidden` is shared out among them.
    """

    embedding: int = 128
    embedding_dropout: float = 0.0
    word_dropout: float = 0.0
    words: int = 1_000_000
    encoder: Encoder = "bilstm"
    hidden: int = 64
    layers: int = 1
    bidirectional: bool = True
    window: tuple[int, ...] = (5,)
    encoder_dropout: tuple[float, ...] = (0.0,)
    gate: Literal["sigmoid", "relu"] = "sigmoid"
    attention: Score = "additive"
    attention_width: int = 64
    attention_depth: int = 1
    attention_activation: Literal["tanh", "relu"] = "tanh"
    query: Literal["learned", "final"] = "learned"
    pooling: Literal["attention", "attention+max"] = "attention"
    head: Literal["linear", "dense"] = "linear"
    head_width: int = 20
    head_activation: Literal["relu", "tanh"] = "relu"
    head_dropout: float = 0.0
    heads: int = 4


@dataclass(frozen=True)
class EvidenceConfig:
    """N-gram evidence beside the attention network (nn/evidence.py, learn/evidence.py).

    Attributes:
        orders: longest n-gram: 3 = words, pairs and triples; 0 = no such evidence.
        reach: two words count as a pair up to so many places apart; 1 = side by side only. None =
            by how long and how many the texts are (learn/rules.py), as with the next two,
            `subwords`, `min_texts`, `cost` and `loss`.
        borders: the first word, the first two and the last count as such too.
        frames: groups of one to four places count too in which rare and unknown words stand as
            their shape, as it is written, and the text's borders have a place (nn/frames.py).
        frame_rare: words that stand fewer times in the training texts are rare to frames.
        subwords: longest run of characters of a word that counts, 3 or more; 0 = none.
        min_texts: a group of words must stand in so many training texts.
        features: most groups that are told apart; where there are more, they share places.
        smoothing: texts added to each group before the log-count ratio is taken, shared out
            between the classes as they are in the data.
        cost: of an error, against the size of the weights (C of a linear support vector machine).
        loss: `squared-hinge` or `logistic`.
        length: texts of T tokens weigh an n-gram by T ^ -length; 0 = by 1.
        refit: when all is chosen and measured, learn from the texts held out for validation too.
    """

    orders: int = 0
    reach: int | None = None
    borders: bool | None = None
    frames: bool | None = None
    frame_rare: int = 10
    subwords: int | None = None
    min_texts: int | None = None
    features: int = 4_194_304
    smoothing: float = 2.0
    cost: float | None = None
    loss: Literal["squared-hinge", "logistic"] | None = None
    length: float = 0.25
    refit: bool = True


@dataclass(frozen=True)
class PretrainConfig:
    """Word vectors learnt before training, from texts whose labels are not looked at.

    They are learnt where texts without labels are given (`--unlabelled`), or with `on_training`;
    their width is `model.embedding`. See text/pretrain.py.

    Attributes:
        objective: `svd`: which words stand near which, counted and condensed, in one pass;
            `skip-gram`: each word foretells its neighbours (slower, needs gensim); `none` = no such
            vectors.
        context: neighbours on each side at most.
        passes: of skip-gram, over the training texts and those without labels; the next three are
            of skip-gram too.
        negative: random words that are told apart from each neighbour.
        sample: words more frequent than this share of all are passed over now and then; 0 = never.
        min_count: a word must occur this often to get a vector.
        rate: the learning rate at first; it falls to nearly nothing.
        more_words: most words that the vocabulary gets from the texts without labels.
        on_training: learn vectors from the training texts even if there are no others.
        regions: passes in which embedding and encoder then learn to foretell words near by
            (learn/regions.py); needs an encoder that reads a window of words. 0 = none.
        region_words: how far beyond that window.
        region_rate: the highest learning rate of these passes.
        taught: passes in which a second network learns from the texts without labels what the first
            model says of them (learn/taught.py), and takes its place; 0 = none.
    """

    objective: Literal["svd", "skip-gram", "none"] = "svd"
    context: int = 8
    passes: int = 5
    negative: int = 5
    sample: float = 1e-4
    min_count: int = 3
    rate: float = 0.025
    more_words: int = 30_000
    on_training: bool = False
    regions: int = 0
    region_words: int = 5
    region_rate: float = 2e-3
    taught: int = 0


@dataclass(frozen=True)
class HfConfig:
    """A pre-trained transformer in the encoder's place (nn/pretrained.py, learn/pretrained.py).

    Attributes:
        source: its folder, or its name on the Hugging Face hub (there or in the hub's cache).
        tune: learn its weights too; else they stay as they are, and training reads its states from
            a cache.
        tune_rate: the highest rate of its weights, where they are learnt; it rises and falls
            as `train.learning_rate` does.
        positions: tokens that it reads at once; None = as many as it has positions for. Longer
            texts are read in several windows.
        overlap: tokens that neighbouring windows share.
        cache_gb: most disk space of all cached states, in gigabytes; 0 = none are kept.
        weights: `copy` puts them into the run folder; `reference` only where they were found, which
            must still be there when the run is loaded (not for weights that were learnt).
    """

    source: str | None = None
    tune: bool = False
    tune_rate: float = 5e-5
    positions: int | None = None
    overlap: int = 128
    cache_gb: float = 20.0
    weights: Literal["copy", "reference"] = "copy"


@dataclass(frozen=True)
class SequenceConfig:
    """Rewriting one sequence as another: its units, the decoder, long sources, the search.

    The encoder and the score function are those of `model` (embedding, encoder, hidden, layers,
    attention, ...), learning that of `train`; `text`, `evidence` and `pretrain` have no part in it.

    Attributes:
        source_unit: what a token of the source is.
        target_unit: what a token of the target is.
        source_vocabulary: most distinct tokens of the source kept, the four reserved ones included.
        target_vocabulary: the same of the target.
        fold_source: fold the case of the source (offsets stay).
        fold_target: fold the case of the target: what is written then is in lower case.
        rare: a character or word must occur so often in the training texts; so must a pair of
            sub-words to become one.
        cell: of the decoder.
        units: of each of its layers.
        depth: its layers.
        asks: what the attention's query is: `state`, the decoder's last state (Bahdanau et al.
            2015), or `output`, the vector of the last output token.
        start: the decoder's first state: `zero`, or `final`, made of the encoder's final states.
        scope: where attention looks: `global`, everywhere; `local-m` and `local-p`, a window that
            moves on by one token a step or is foretold (Luong et al. 2015); `none`, nowhere: the
            context is the encoder's fixed final state, the control.
        local_reach: tokens to either side that local attention sees (D).
        feeds: what goes into the decoder at each step: `context` alone, or `token`, the context
            and the vector of the last output token.
        input_feeding: the last readout goes in too (Luong et al. 2015, section 3.3).
        readout: width of the layer between the decoder and its output; 0 = none.
        target_embedding: width of the target's token vectors.
        tied: the output layer is the table of target token vectors (Press & Wolf 2017).
        decoder_dropout: on what goes into the decoder's layers and into its output.
        scheduled_sampling: share of the fed tokens that are the model's own guesses by the end of
            training; it rises from 0 in proportion (Bengio et al. 2015).
        label_smoothing: share of each target's probability spread over all tokens (Szegedy et al.
            2016).
        coverage: weight of a penalty on looking twice at the same place (See et al. 2017,
            equation 12).
        source_window: tokens of a sliding window over the source; None = it is read as a whole.
        window_step: tokens from the start of a window to that of the next.
        beam: hypotheses that the search keeps; 1 = greedy.
        length_penalty: alpha of the length normalisation (Wu et al. 2016, equation 14).
        max_length: most tokens that are written, END included; None = by the training targets.
    """

    source_unit: Unit = "subword"
    target_unit: Unit = "subword"
    source_vocabulary: int = 8_000
    target_vocabulary: int = 8_000
    fold_source: bool = False
    fold_target: bool = False
    rare: int = 1
    cell: Literal["lstm", "gru"] = "gru"
    units: int = 256
    depth: int = 1
    asks: Literal["state", "output"] = "state"
    start: Literal["zero", "final"] = "zero"
    scope: Literal["global", "local-m", "local-p", "none"] = "global"
    local_reach: int = 10
    feeds: Literal["context", "token"] = "token"
    input_feeding: bool = False
    readout: int = 256
    target_embedding: int = 256
    tied: bool = False
    decoder_dropout: float = 0.0
    scheduled_sampling: float = 0.0
    label_smoothing: float = 0.0
    coverage: float = 0.0
    source_window: int | None = None
    window_step: int = 1
    beam: int = 1
    length_penalty: float = 0.6
    max_length: int | None = None


@dataclass(frozen=True)
class TrainConfig:
    """How the network learns.

    Attributes:
        epochs: passes over the training data at most.
        steps: stop after so many batches, whatever `epochs` says; None = no such limit.
        batch_size: texts in a batch at most.
        batch_tokens: padded tokens in a batch at most; a longer text goes alone.
        optimizer: `adam`; `adamw` (decoupled weight decay); or `lazy-adam`, with which a token's
            vector moves only in steps whose batch has the token (learn/updates.py): rare words
            move less. It saves time only where far more than 30,000 tokens have vectors.
        learning_rate: the highest rate.
        schedule: `constant`, or `one-cycle` / `linear` / `cosine` over all steps.
        weight_decay: of the optimizer.
        clip_norm: the gradient's norm is cut to this; 0 = no clipping.
        average: decay of a moving average of the weights over batches, which is then what is
            measured and kept; 0 = off, .99 = over about the last hundred batches.
        class_weights: `balanced` weighs each class by the inverse of its frequency.
        conicity: weight of a penalty on states that all point the same way, so that it matters
            which of them attention picks (nn/penalty.py); 0 = off. The reported training loss
            leaves penalties out.
        tying: weight of a penalty on states that stray from their own token's vector, so that
            attention to a state is attention to its token (nn/penalty.py); 0 = off. Needs states
            as wide as the token vectors.
        masked_training: share of the texts that lose tokens to the unknown token while
            training, each a share of its own between none and all, so that a text with tokens
            taken out is nothing new to the model (learn/masking.py); 0 = off.
        rationales: weight of a penalty on attention that misses what a person has marked as
            evidence (nn/penalty.py); 0 = off. Needs training data with evidence.
        validation: share of the training data held out when no validation file is given.
        keep_epoch: `best` keeps the weights of the epoch that did best on the validation data;
            `last` those of the last one, whatever these say: a schedule that ends near zero is made
            for its end, and the best of few epochs on few texts is partly luck.
        monitor: validation metric that decides which epoch was best.
        patience: stop after so many epochs without improvement; 0 = never stop early.
        min_delta: an improvement must be larger than this.
        thresholds: of the labels of a multi-label model: `half`, or `share`: each label is given
            to as large a share of the validation texts as have it in the training data.
        seed: of everything random.
        checkpoint_seconds: also write a checkpoint after so many seconds; 0 = per epoch only.
        threads: processor threads for torch; 0 = all cores. Sums are rounded differently with
            another number, so the number is part of what makes a run repeatable.
        precision: what encoder and attention multiply in while trained: `float32`, `bfloat16`
            (mixed: weights, sums, attention and updates stay in float32), or `auto` = bfloat16
            where the processor does that faster. Of a network that rewrites it is the product
            with a large target vocabulary alone. A trained model always works in float32.
        vectors: a GloVe, word2vec or fastText file to start the embeddings from; its width
            overrides `model.embedding`.
    """

    epochs: int = 10
    steps: int | None = None
    batch_size: int = 64
    batch_tokens: int = 32_768
    optimizer: Literal["adam", "adamw", "lazy-adam"] = "adam"
    learning_rate: float = 1e-3
    schedule: Literal["constant", "one-cycle", "linear", "cosine"] = "constant"
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    average: float = 0.0
    class_weights: Literal["none", "balanced"] = "none"
    conicity: float = 0.0
    tying: float = 0.0
    masked_training: float = 0.0
    rationales: float = 0.0
    validation: float = 0.1
    keep_epoch: Literal["best", "last"] = "best"
    monitor: str = "loss"
    patience: int = 2
    min_delta: float = 0.0
    thresholds: Literal["half", "share"] = "half"
    seed: int = 0
    checkpoint_seconds: float = 0.0
    threads: int = 0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    vectors: str | None = None


@dataclass(frozen=True)
class Config:
    """All settings of a run.

    Attributes:
        given: addresses (`model.hidden`) of the settings that somebody has set, which no rule
            changes any more; those of a preset are not among them.
    """

    preset: str = "default"
    text: TextConfig = field(default_factory=TextConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    given: frozenset[str] = field(default=frozenset(), compare=False)
    sequence: SequenceConfig = field(default_factory=SequenceConfig)
    hf: HfConfig = field(default_factory=HfConfig)

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists; `from_json` is the inverse."""
        values = asdict(self)
        del values["given"]
        for name in ("encoder_dropout", "window"):
            values["model"][name] = list(values["model"][name])
        return values
