"""The names that Presidio has for labels; imports nothing of the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ENTITIES: Mapping[str, str] = {
    "DATE": "DATE_TIME",
    "FAC": "LOCATION",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "NORP": "NRP",
    "ORG": "ORGANIZATION",
    "PER": "PERSON",
    "TIME": "DATE_TIME",
}
"""Presidio's name of each label; others keep theirs."""


def entity_types(labels: Iterable[str], mapping: Mapping[str, str] = ENTITIES) -> dict[str, str]:
    """Return the name that Presidio has for each label.

    >>> entity_types(["PER", "MISC"])
    {'PER': 'PERSON', 'MISC': 'MISC'}
    """
    return {label: mapping.get(label, label) for label in labels}
