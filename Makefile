# The two commands of the README, and what they are made of.

VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin

# Raw text for `make model`, a paragraph a line, and how often each file counts.
WIKIPEDIA ?= wikipedia.txt
NEWS ?= news.txt

.PHONY: demo test lint types install model clean

# Environment, install, train on the embedded sample, score it, tag a sentence.
demo: $(VENV)/.installed
	$(BIN)/tagger train sample -o models/sample --force
	$(BIN)/tagger evaluate models/sample sample
	$(BIN)/tagger predict -m models/sample "John works at Apple in California"

# Environment, install, lint, types, tests.
test: $(VENV)/.installed-dev lint types
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

install: $(VENV)/.installed

# What ships: the base from raw text (an hour; the news count three times), a teacher from it, what
# the teacher finds in the web's sentences, and the English model from all (20 minutes). The corpora
# are looked for in $$TAGGER_DATA.
TRAIN_EN = $(BIN)/tagger train conll2003 ud_en_ewt wnut17
EN_OPTIONS = --config models/en.toml --from models/en-base --threads 1 --force
model: $(VENV)/.installed-dev
	$(BIN)/tagger pretrain $(WIKIPEDIA) $(NEWS) $(NEWS) $(NEWS) -o models/en-base --force \
		--hours 0.6 --threads 1 --licence "CC BY-SA (Wikipedia), research use (Reuters)"
	$(TRAIN_EN) $(EN_OPTIONS) -o models/en-teacher
	$(BIN)/python models/silver.py models/en-teacher ud_en_ewt data/ewt-silver
	$(TRAIN_EN) data/ewt-silver $(EN_OPTIONS) -o models/en

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Pinned versions first: they decide what "a fresh machine" gets.
$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev,plot,pretrain,tensorboard]"
	touch $@

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache
