# The two commands of the README, and what they are made of.

VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin

.PHONY: demo test lint types install clean

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

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Pinned versions first: they decide what "a fresh machine" gets.
$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev,pretrain,tensorboard]"
	touch $@

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache
