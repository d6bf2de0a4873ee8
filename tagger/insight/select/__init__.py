"""The sentences of raw text that are most worth annotating."""
