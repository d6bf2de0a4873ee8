"""Streams and files of text in, rendered results out."""
