# The two commands of the README, and what they are made of.

VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin

# Raw text for `make model`, a paragraph a line. If they are not there they are cut from
# $$TAGGER_DATA/raw/en.txt.zst, which is Wikipedia and, from line 849,042 on, newswire.
WIKIPEDIA ?= data/wikipedia.txt
NEWS ?= data/news.txt

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
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy

install: $(VENV)/.installed

# What ships. The base from raw text (an hour; the news count three times); three teachers of news and
# one of all corpora from it (half an hour); what names are in Wikipedia by their votes, and what they
# agree on in the news, in Wikipedia and in the web's sentences (half an hour); and the English model from
# all of that (25 minutes), with two other seeds for its card. The corpora are looked for in $$TAGGER_DATA.
HOURS ?= 0.6
TRAIN = $(BIN)/tagger train --threads 1 --force
FROM_BASE = --from models/en-base
EN = conll2003 ud_en_ewt wnut17 --config models/en.toml $(FROM_BASE)
SILVERS = data/ewt-silver data/news-silver data/wiki-silver
SILVER = $(BIN)/python models/silver.py
TEACHERS = models/teacher-1 models/teacher-2 models/teacher-3
model: $(VENV)/.installed-dev $(WIKIPEDIA) $(NEWS)
	$(BIN)/tagger pretrain $(WIKIPEDIA) $(NEWS) $(NEWS) $(NEWS) -o models/en-base --force \
		--hours $(HOURS) --threads 1 --licence "CC BY-SA (Wikipedia), research use (Reuters)"
	for seed in 1 2 3; do $(TRAIN) conll2003 --heads ner --seed $$seed $(FROM_BASE) \
		-o models/teacher-$$seed || exit 1; done
	$(TRAIN) $(EN) -o models/teacher-en
	$(BIN)/python models/names.py data/names.json $(WIKIPEDIA) $(TEACHERS) models/teacher-en
	$(SILVER) data/news-silver $(NEWS) $(TEACHERS)
	$(SILVER) data/wiki-silver $(WIKIPEDIA) --names data/names.json $(TEACHERS)
	$(SILVER) data/ewt-silver ud_en_ewt --names data/names.json $(TEACHERS) models/teacher-en
	$(TRAIN) $(EN) $(SILVERS) -o models/en
	for seed in 2 3; do $(TRAIN) $(EN) $(SILVERS) --seed $$seed -o models/en-$$seed || exit 1; done
	$(BIN)/python models/seeds.py models/en models/en-2 models/en-3

RAW = $(TAGGER_DATA)/raw/en.txt.zst
define check_raw
	@command -v zstd > /dev/null || (echo "zstd is missing; install it to unpack $(RAW)" >&2; exit 1)
	@test -r $(RAW) || (echo "$(RAW): not there; set TAGGER_DATA, or WIKIPEDIA and NEWS" >&2; exit 1)
endef
data/wikipedia.txt:
	$(check_raw)
	zstd -dc $(RAW) | head -n 849041 > $@

data/news.txt:
	$(check_raw)
	zstd -dc $(RAW) | tail -n +849042 > $@

# The documentation as a site in site/: the reference of the command line anew, then all pages, strictly.
docs: $(VENV)/.installed-docs
	$(BIN)/python docs/make_cli.py
	$(BIN)/mkdocs build --strict
.PHONY: docs

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Pinned versions first: they decide what "a fresh machine" gets.
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
