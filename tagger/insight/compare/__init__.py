"""Comparisons of configurations, trained over several seeds."""
