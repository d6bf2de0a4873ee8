"""Raw text in, a base to start training from out: word vectors, then embedder and encoder."""
