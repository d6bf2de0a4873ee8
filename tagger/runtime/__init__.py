"""A model directory and text to annotations."""
