"""Checks of corpora: structure, splits, consistency, and what a model doubts.

Each module has the checks of one family; `tagger.linting.codes` has the table of all codes.
"""
