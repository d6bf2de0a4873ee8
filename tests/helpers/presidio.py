"""Presidio without a network."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_suffixes_from_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Presidio check mail addresses by the list that tldextract brings along."""
    tldextract = pytest.importorskip("tldextract", reason="needs the extra presidio")
    offline = tldextract.TLDExtract(suffix_list_urls=())
    monkeypatch.setattr(tldextract, "extract", offline)
