"""``python cli.py …``: the command line in a checkout that is not installed."""

from tagger.cli import main

main()
