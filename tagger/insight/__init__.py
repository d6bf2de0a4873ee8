"""Explanations of a model's tags, comparisons of architectures, and measurements of speed."""
