"""Run ``tagger`` from a checkout: ``python cli.py train …``."""

from tagger.cli import main

if __name__ == "__main__":  # processes of --workers import this file
    main()
