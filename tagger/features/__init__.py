"""Tokens to ids: vocabularies, characters, affixes, shapes, pretrained vectors."""
