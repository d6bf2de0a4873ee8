"""Engines: what runs a trained network."""
