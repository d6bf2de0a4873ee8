"""File formats of annotated text: a module a format, with its reader and its writer.

A format holds sentences of tokens with tags (`records.Sentence`), or documents of text with spans
of characters (`documents.Document`). `table` lists all of them and `detect` recognises them.
Shared by several modules are `sample` (the beginning of a file), `json_records`, `offsets` and
`units` (spans in JSON), `spacing`, and `writing`.
"""
