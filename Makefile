# Every target makes the virtual environment it needs, from wheels alone. `make` prints this help.

PYTHON ?= python3
VENV ?= .venv
TEST_PROCESSES ?= 2
BIN := $(VENV)/bin
DIGEST := $(shell cat setup.py constraints.txt Makefile | sha256sum | cut -c1-12)
RUN := $(VENV)/.installed-run-$(DIGEST)
DEV := $(VENV)/.installed-dev-$(DIGEST)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --prefer-binary --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test lint api bench bench-dedup bench-filters bench-peers clean install format

help: ## this help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

demo: $(RUN) ## raw web, books and code -> tokens -> report -> 100 training steps -> a completion (5 to 6 minutes, of which 2 compile kernels once)
	$(BIN)/gristmill run examples/quickstart.toml
	$(BIN)/gristmill verify runs/quickstart
	$(BIN)/gristmill pretrain examples/quickstart.toml
	$(BIN)/gristmill complete runs/quickstart/train "The capital of France is" --temperature 0.8 --top-k 40
	@echo "open runs/quickstart/report/report.html in a browser"

test: $(DEV) ## the whole test suite (about 20 minutes on 2 cores)
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile

lint: $(DEV) ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(DEV) ## rewrite the sources as `make lint` wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

api: ## the API reference from signatures and docstrings, into build/api
	$(PYTHON) docs/api.py

bench: $(DEV) ## every figure of the README, ours beside the peer
	$(BIN)/python -m benchmarks.run_all

bench-filters: $(DEV) ## every figure of filtering, ours beside the peer
	$(BIN)/python -m benchmarks.run_filters

bench-dedup: $(DEV) ## every figure of deduplication, ours beside the peer, with peak memory (about an hour)
	$(BIN)/python -m benchmarks.run_dedup

clean: ## remove the environments, caches and runs that make made
	rm -rf $(VENV) .venv-* runs build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

install: $(DEV) ## only the virtual environment

$(RUN):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Gristmill needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Set PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install --yes --quiet python3-venv; } || \
	  { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip 'setuptools>=77' wheel
	$(PIP) --only-binary :all: torch
	$(PIP) --only-binary :all: --no-build-isolation --editable '.[train]'
	@touch $@

$(DEV): $(RUN)
	$(PIP) --only-binary :all: --no-build-isolation --editable '.[train,trafilatura,dev]'
	@touch $@
