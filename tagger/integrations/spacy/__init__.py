"""The spaCy pipeline component, its training and its projects."""
