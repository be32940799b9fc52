"""Tiny tokenizers and transformers with random weights, as folders that transformers reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

_WORDS = (
    "the a film plot actor was is not and very good bad great dull un ##believ ##able ##s ##ing "
    "caf ##es ##é e ##x ##y b ##c n ##o . , ! ? ' [ ] don ##t t sep mask"
)
WORDS = _WORDS.split()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BYTES = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
MERGES = [("Ġ", "f"), ("Ġf", "i"), ("Ġfi", "l"), ("Ġfil", "m"), ("g", "o"), ("go", "o"), ("Ġ", "g")]


def word_pieces() -> str:
    """tokenizer.json of a BERT; the ids from 90 on have a hole before them."""
    vocabulary = {piece: i for i, piece in enumerate([*SPECIAL, *WORDS])} | {"##ly": 90}
    rules = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    rules.normalizer = normalizers.BertNormalizer(lowercase=True)
    rules.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    rules.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    rules.decoder = decoders.WordPiece()
    rules.add_special_tokens(SPECIAL)
    rules.enable_truncation(6)  # as published models have it
    return rules.to_str()


def byte_pieces() -> str:
    """tokenizer.json of a RoBERTa: bytes and a few merges."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*BYTES, *alphabet, *("".join(pair) for pair in MERGES)]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    rules = Tokenizer(models.BPE(vocabulary, MERGES))
    rules.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rules.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    rules.decoder = decoders.ByteLevel()
    rules.add_special_tokens(BYTES)
    return rules.to_str()


SMALL: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "initializer_range": 0.5,
}


def bert_folder(folder: Path) -> Path:
    """A BERT of 18 positions."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    body = BertModel(BertConfig(vocab_size=91, max_position_embeddings=18, **SMALL))
    named = dict(zip(("pad", "unk", "cls", "sep", "mask"), SPECIAL, strict=True))
    return _written(folder, body, word_pieces(), "BertTokenizer", named)


def roberta_folder(folder: Path) -> Path:
    """A RoBERTa of 40 positions, which it counts from 2 on."""
    import torch
    from transformers import RobertaConfig, RobertaModel

    torch.manual_seed(2)
    size = len(json.loads(byte_pieces())["model"]["vocab"])
    config = RobertaConfig(vocab_size=size, max_position_embeddings=42, pad_token_id=1, **SMALL)
    named = dict(zip(("bos", "pad", "eos", "unk", "mask"), BYTES, strict=True))
    named |= {"cls": "<s>", "sep": "</s>"}
    return _written(folder, RobertaModel(config), byte_pieces(), "RobertaTokenizer", named)


def _written(folder: Path, body: Any, rules: str, kind: str, named: dict[str, str]) -> Path:
    body.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(rules, encoding="utf-8")
    about = {f"{name}_token": token for name, token in named.items()} | {"tokenizer_class": kind}
    (folder / "tokenizer_config.json").write_text(json.dumps(about), encoding="utf-8")
    return folder
