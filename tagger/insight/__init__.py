"""What a model knows and why: explanations of its tags, and comparisons of architectures."""
