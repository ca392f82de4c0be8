# A fresh machine needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
TESTS  ?= py

.PHONY: demo test thorough loaded lint bench up catalogues docs mutants clean
.DEFAULT_GOAL := demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "twinfeed needs Python 3.11 or newer, this is " + sys.version.split()[0] + " (set PYTHON=...)")'
	@$(PYTHON) -m venv $(VENV) || { echo "could not make a virtual environment: on Debian, apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(BIN)/twinfeed: $(BIN)/python pyproject.toml
	@echo "installing twinfeed into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(BIN)/tox: $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'tox>=4.20'

demo: $(BIN)/twinfeed        ## boot the Bamako site, break it, show what happens; OPEN=1: then serve it with its page
	@$(BIN)/twinfeed demo
ifdef OPEN
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[console]'
	@exec $(BIN)/twinfeed up bamako
else
	@echo "see it: make demo OPEN=1"
endif

up: $(BIN)/twinfeed          ## serve a site until Ctrl-C: make up SITE=bench
	@$(BIN)/twinfeed up $(or $(SITE),bamako)

test: $(BIN)/tox             ## the tests, in environments of their own; TESTS=coverage measures what they run
	@$(BIN)/tox run-parallel -q --parallel-live -p 2 -e $(TESTS),labgrid

thorough: $(BIN)/tox         ## the tests, with many examples of each property: for the night
	@$(BIN)/tox run -q -e thorough

loaded: $(BIN)/tox           ## some tests on a busy machine
	@$(BIN)/tox run -q -e loaded

lint: $(BIN)/tox             ## style, direction of imports, types
	@$(BIN)/tox run-parallel -q -p 2 -e lint,types

bench: $(BIN)/tox            ## ratios against other implementations
	@$(BIN)/tox run -q -e bench

catalogues: $(BIN)/tox       ## collect what is to be translated, compile what is
	@$(BIN)/tox run -q -e catalogues

mutants: $(BIN)/tox          ## sample mutants of each layer: make mutants LAYER=plant COUNT=60 SEED=7
	@$(BIN)/tox run -q -e mutants -- $(if $(LAYER),--layer $(LAYER)) $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

docs: $(BIN)/tox             ## the manual as HTML, in build/docs
	@$(BIN)/tox run -q -e docs
	@echo "open build/docs/index.html"

clean:
	rm -rf $(VENV) .tox build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
