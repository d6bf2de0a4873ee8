"""Adapters for other libraries, imported when they are used."""
