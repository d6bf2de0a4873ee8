"""Models and files of answers that a student learns from."""
