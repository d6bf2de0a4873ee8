"""Annotated documents of other tools: read for `tagger train`, converted by `tagger convert`.

A module a format, each with a function that reads and one that writes; but ``offsets`` holds two
formats, and ``tokens`` reads what ``columns``, ``conllu`` and ``jsonl`` write. ``registry`` lists
them.
Between them lies one record (``documents.Document``), and one place where characters become tokens
(``align``). What reads a corpus as sentences, column by column, is in `tagger.corpus` itself.
"""
