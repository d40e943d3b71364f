# Everything runs from a fresh checkout with Python and git alone:
#   make quickstart   install, warm up, run the first scenario
#   make test         install with the development extra, check, test
# Choose another interpreter with `make PYTHON=python3.12 ...`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
PYTEST_ARGS ?= -n auto --randomly-seed=1

ROOT := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
VENV := $(ROOT)/.venv
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
WARMED := $(VENV)/.warmed
KERNELS := $(wildcard $(ROOT)/simulator/*/*kernels.py $(ROOT)/recall/*kernels.py)
IN_ROOT := cd "$(ROOT)" &&
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help quickstart install install-dev warm test check lint types imports format pytest \
	test-slow bench clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' "$(ROOT)/Makefile"

quickstart: warm ## install, warm up and run the first scenario
	$(IN_ROOT) $(BIN)/notesim run scenarios/quickstart.yaml

install: $(INSTALLED) ## make .venv and install notesim into it

install-dev: $(INSTALLED_DEV) ## the same, with the development extra

warm: $(WARMED) ## compile the kernels once, with the smallest scenario

test: check pytest ## every check, then the tests

check: lint types imports ## style, types and import rules

lint: $(INSTALLED_DEV) ## formatting and lint
	$(IN_ROOT) $(BIN)/ruff format --check .
	$(IN_ROOT) $(BIN)/ruff check .

types: $(INSTALLED_DEV) ## mypy, strict
	$(IN_ROOT) $(BIN)/mypy

imports: $(INSTALLED_DEV) ## the one-way dependency rule
	$(IN_ROOT) $(BIN)/lint-imports

format: $(INSTALLED_DEV) ## rewrite the code in the house format
	$(IN_ROOT) $(BIN)/ruff check --fix --exit-zero --quiet .
	$(IN_ROOT) $(BIN)/ruff format .

pytest: $(INSTALLED_DEV) ## the default tests; PYTEST_ARGS adds to them
	$(IN_ROOT) $(BIN)/python -m pytest $(PYTEST_ARGS)

test-slow: $(INSTALLED_DEV) ## the tests left out of the default run
	$(IN_ROOT) $(BIN)/python -m pytest -m "slow and not benchmark" $(PYTEST_ARGS)

bench: $(INSTALLED_DEV) ## speed, one process at a time
	$(IN_ROOT) $(BIN)/python -m pytest -m benchmark -n 0 --benchmark-enable

clean: ## remove caches and build output
	$(IN_ROOT) rm -rf build dist .benchmarks .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache .coverage htmlcov
	$(IN_ROOT) find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	rm -f "$(WARMED)"

distclean: clean ## the same, and the environment
	rm -rf "$(VENV)"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
		|| { echo "notesim needs Python 3.11, 3.12 or 3.13; try: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv "$(VENV)"

$(INSTALLED): $(ROOT)/pyproject.toml | $(VENV)/bin/python
	$(IN_ROOT) $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch "$@"

$(INSTALLED_DEV): $(ROOT)/pyproject.toml | $(VENV)/bin/python
	$(IN_ROOT) $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch "$(INSTALLED)" "$@"

$(WARMED): $(INSTALLED) $(KERNELS)
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
		$(IN_ROOT) $(BIN)/notesim run scenarios/smoke.yaml --quiet --out "$$scratch"
	@touch "$@"
