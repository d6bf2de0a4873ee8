"""Corpora and a network to a trained model directory."""
