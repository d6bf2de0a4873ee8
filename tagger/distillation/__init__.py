"""Teachers and raw text to answers, and answers to a student."""
