"""Pretrained word vectors: reading and selecting them."""
