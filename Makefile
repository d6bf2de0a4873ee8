# The two commands of the README, and their parts.

VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin
TOOLS = $(VENV)-tools

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
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations=10

# The same without the tests that train for more than seconds or need a corpus: under two minutes.
test-fast: $(VENV)/.installed-dev lint types
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" --durations=10

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy

install: $(VENV)/.installed

# The models that ship, from raw text on.
model: models/en-fast/meta.json
include models/model.mk

# Changed inputs for an hour, those that atheris finds for another, and kills at random moments (docs/security.md).
SECONDS ?= 3600
KILLS ?= 100
fuzz: $(VENV)/.installed-dev
	$(BIN)/python tests/fuzz/run.py --seconds $(SECONDS)
	@if $(BIN)/python -m pip install -q atheris==3.0.0; \
	then $(BIN)/python tests/fuzz/guided.py --seconds $(SECONDS); \
	else echo "atheris cannot be installed here: no inputs that look for new code"; fi

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

LOCKS = locks/build.txt locks/torch.txt locks/base.txt
# Versions are pinned and files hashed (locks/), so that every machine gets the same. The second step
# installs the project itself, and what a machine needs besides: CUDA libraries, which PyTorch pins.
HASHED = $(BIN)/python -m pip install -q --require-hashes --no-deps --no-build-isolation
PINNED = $(BIN)/python -m pip install -q -c constraints.txt --no-build-isolation
# PyTorch: what is installed or lies at hand (a CPU build), else the file that pip chooses. It is
# downloaded first since pip, given hashes, passes over files whose address has none.
TORCH = $(HASHED) --no-index -f $(VENV)/torch -r locks/torch.txt
$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt $(LOCKS)
	$(HASHED) -r locks/build.txt
	mkdir -p $(VENV)/torch
	$(TORCH) 2> /dev/null || ($(BIN)/python -m pip download -q --no-deps -c constraints.txt \
		-d $(VENV)/torch torch && $(TORCH))
	rm -r $(VENV)/torch
	$(HASHED) -r locks/base.txt
	$(PINNED) -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed locks/dev.txt
	$(HASHED) -r locks/dev.txt
	$(PINNED) -e ".[dev,all]"
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed-dev locks/docs.txt
	$(HASHED) -r locks/docs.txt
	$(PINNED) -e ".[docs]"
	touch $@

# The hashes, after a change of constraints.txt or of the requirements.
lock: $(TOOLS)/.installed
	$(TOOLS)/bin/python locks/make.py
.PHONY: lock

# Known vulnerabilities of what is installed, where the data of PyPI can be reached.
AUDITED = build torch base dev docs
audit:
	@if $(PYTHON) -c "from urllib.request import urlopen; \
		urlopen('https://pypi.org/pypi/pip/json', timeout=15)" 2> /dev/null; \
	then $(MAKE) -s $(TOOLS)/.installed && $(TOOLS)/bin/pip-audit --progress-spinner off \
		--require-hashes --disable-pip $(foreach name,$(AUDITED),-r locks/$(name).txt); \
	else echo "pip-audit: skipped, since its data on pypi.org cannot be reached"; fi
.PHONY: audit

# The licences of what a wheel needs.
NEEDED = locks/torch.txt locks/base.txt
licences: $(VENV)/.installed $(TOOLS)/.installed
	@$(TOOLS)/bin/pip-licenses --python $(BIN)/python --format markdown \
		--packages $$(sed -n 's/==.*//p' $(NEEDED)) > $(TOOLS)/licences.md
	@(printf '%s\n' "# Licences of dependencies" "" \
		"Made by \`make licences\`: what the package needs, as its authors state it." "" && \
		sed '/^| *| *|/d; s/  */ /g; s/---*/---/g' $(TOOLS)/licences.md) > docs/licences.md
.PHONY: licences

# What is published, in dist/: the source and the wheel, built twice with equal bytes, and a list of
# the packages that the wheel needs with their hashes (SBOM).
release: $(VENV)/.installed-dev $(TOOLS)/.installed
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	mkdir dist/again
	tar xf dist/*.tar.gz -C dist/again
	cd dist/again/* && $(abspath $(BIN))/python -m hatchling build -d ..
	for file in dist/*.*; do cmp $$file dist/again/$${file##*/} || exit 1; done
	rm -r dist/again
	cat $(NEEDED) | $(TOOLS)/bin/cyclonedx-py requirements - --pyproject pyproject.toml \
		--output-reproducible -o dist/sbom.json
.PHONY: release

$(TOOLS)/.installed: locks/tools.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install -q --require-hashes --no-deps -r locks/tools.txt
	touch $@

clean:
	rm -rf $(VENV) $(TOOLS) dist build site .mypy_cache .pytest_cache .ruff_cache
