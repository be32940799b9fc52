"""What is said where PyTorch is not installed."""

WITHOUT_TORCH = (
    "training needs PyTorch, and so does whatever reads a run folder: pip install "
    "'heedful[torch]'; without it, predict and explain take a file that heedful export wrote"
)
