"""Ids to emissions: embedder, recurrent encoder, heads and the CRF."""
