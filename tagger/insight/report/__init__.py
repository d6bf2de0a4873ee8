"""The error report: where a model is right and wrong on a corpus."""
