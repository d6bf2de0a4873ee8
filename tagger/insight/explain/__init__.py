"""Explanations of the tags that a model gives."""
