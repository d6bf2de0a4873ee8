"""Files of texts as shards and rows, one module a family of formats."""
