# The two commands of the README, and their parts.

VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin

.PHONY: demo test test-fast lint types install model clean

# Environment, install, train on the embedded sample, score it, tag a sentence.
demo: $(VENV)/.installed
	$(BIN)/tagger train sample -o models/sample --force
	$(BIN)/tagger evaluate models/sample sample
	$(BIN)/tagger predict -m models/sample "John works at Apple in California"
	@echo
	@echo "The model is in models/sample. Activate the environment, then try it and the one that ships:"
	@echo "    source $(BIN)/activate"
	@echo "    tagger predict -m models/sample \"Mary moved from Leeds to Cardiff.\""
	@echo "    tagger predict --file examples/mails.txt"
	@echo "    tagger train examples/orders --from en-base"

# Environment, install, lint, types, all tests.
test: $(VENV)/.installed-dev lint types
	$(BIN)/python -m pytest --durations=10

# The same without the tests that train for more than seconds or need a corpus: under two minutes.
test-fast: $(VENV)/.installed-dev lint types
	$(BIN)/python -m pytest -m "not slow" --durations=10

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy

install: $(VENV)/.installed

# The models that ship, from raw text on.
model: models/en/meta.json
include models/model.mk

# Changed inputs for an hour, and kills at random moments (docs/security.md).
SECONDS ?= 3600
KILLS ?= 100
fuzz: $(VENV)/.installed-dev
	$(BIN)/python tests/fuzz/run.py --seconds $(SECONDS) --model models/en

kill: $(VENV)/.installed-dev
	$(BIN)/python tests/fuzz/kill.py --kills $(KILLS)
.PHONY: fuzz kill

# The documentation as a site in site/, after generating the reference of the command line.
docs: $(VENV)/.installed-docs
	$(BIN)/python docs/make_cli.py
	$(BIN)/python docs/make_lint.py
	$(BIN)/mkdocs build --strict
.PHONY: docs

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Versions are pinned, so that every machine gets the same.
$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev,all]"
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) dist build site .mypy_cache .pytest_cache .ruff_cache
