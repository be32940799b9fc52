"""The files of a run folder by name.

| file | holds |
|---|---|
| config.json | settings, labels, data fingerprint; written last: without it a folder is no run |
| model.safetensors | the weights |
| tokenizer.json | the vocabulary, in id order |
| encoder/ | a pre-trained transformer and its tokenizer, in files that transformers reads too |
| history.jsonl | one line an epoch |
| metrics.json | figures of the validation data, and of every evaluation |
| README.md | the model card |
| validation.parquet | what the kept model says of every validation text |
| baseline.safetensors | the linear baseline, fitted on the same training texts |
| sketch.safetensors | hashes of the training and validation texts, to find them again |
| checks.json | what is wrong with the training data |
| examples.json | a few validation pairs of a network that rewrites, to try it with |
| evaluations/ | per evaluation: what was said of every text, and some texts explained |
| trust.json | what `heedful trust` last measured, without the single texts |
| report.html | the page that `heedful report` makes of all this |
| checkpoint/ | while training |
"""

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
ENCODER = "encoder"
ENCODER_WEIGHTS, ENCODER_TOKENIZER = "model.safetensors", "tokenizer.json"
ENCODER_CONFIG, ENCODER_ABOUT = "config.json", "heedful.json"
HISTORY = "history.jsonl"
METRICS = "metrics.json"
CARD = "README.md"
VALIDATION = "validation.parquet"
BASELINE = "baseline.safetensors"
SKETCH = "sketch.safetensors"
CHECKS = "checks.json"
EXAMPLES = "examples.json"
EVALUATIONS = "evaluations"
TRUST = "trust.json"
REPORT = "report.html"
CHECKPOINT = "checkpoint"

OURS = frozenset(
    (CONFIG, WEIGHTS, TOKENIZER, HISTORY, METRICS, CARD, VALIDATION, BASELINE, SKETCH, CHECKS,
     EXAMPLES, EVALUATIONS, TRUST, REPORT, ENCODER)
)  # fmt: skip
"""What belongs to a finished run; everything else in its folder is the user's."""
