# What there is to make stands behind each target after ##, and `make` prints it.
#
# PYTHON       the interpreter that makes .venv             make test PYTHON=python3.12
# PIP_ARGS     more arguments for pip                       make test PIP_ARGS="--extra-index-url URL" for another torch
# RUN_ARGS     what `make run` passes to `bench run`        make run RUN_ARGS="--suite mlp"
# PYTEST_ARGS  what the test targets pass to pytest         make test PYTEST_ARGS="tests/data -k idx"
# MUTANTS_ARGS what `make mutants` passes on                make mutants MUTANTS_ARGS="bench/stats --draw 10"

PYTHON ?= python3
PIP_ARGS ?=
RUN_ARGS ?= --suite quick
PYTEST_ARGS ?=
MUTANTS_ARGS ?=

BIN := .venv/bin
# Python may be told to write no bytecode; every one of these and of their hundreds of processes would compile anew.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest
# Tests in a process for each core; those of a file share costly records, so they stay together, in the order of their
# names: xdist's own begins files of few tests last, which are the longest ones here. Threads that wait let the others'
# tests have the core.
BESIDE := OMP_WAIT_POLICY=passive .ci/twice $(PYTEST) --numprocesses auto --dist loadfile --no-loadscope-reorder
CACHES := .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks build dist

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-cuda coverage mutants audit bench docs lint style types layers setup setup-dev clean

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: setup ## measure the quick suite on this machine, and write its page: three minutes
	$(BIN)/python -m bench run $(RUN_ARGS)

test: lint ## the quick tests, after lint
	$(BESIDE) -m "not slow" $(PYTEST_ARGS)

# Those that time things come last, one at a time. pytest's exit code 5, no test chosen, is fine here.
test-slow: setup-dev ## the tests that take longer, those that time things one at a time
	$(BESIDE) -m "slow and not alone" $(PYTEST_ARGS) || [ $$? -eq 5 ]
	.ci/twice $(PYTEST) -m "slow and alone" --benchmark-max-time=0.2 $(PYTEST_ARGS) || [ $$? -eq 5 ]

# It ends with a table of what was shown, what was not, and what was not run.
test-cuda: setup-dev ## what only a GPU can show, on one: ten minutes
	$(PYTEST) -p tests.cuda.table tests/cuda $(PYTEST_ARGS)

# Those of workers and servers too.
coverage: setup-dev ## which lines and branches the quick tests run: ten minutes
	$(BIN)/coverage erase
	OMP_WAIT_POLICY=passive $(BIN)/coverage run -m pytest --numprocesses auto --dist loadfile -m "not slow" $(PYTEST_ARGS)
	find . -maxdepth 1 -name ".coverage.*" -empty -delete
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# docs/mutants.md tells what came of it.
mutants: setup-dev ## which small faults no quick test notices: hours
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --editable ".[mutants]"
	$(BIN)/python .ci/mutants $(MUTANTS_ARGS)

# As the index of Python packages tells them; what it does not know of fails.
audit: setup-dev ## known vulnerabilities of what is installed
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) pip-audit
	mkdir -p build
	$(BIN)/python -m pip freeze --exclude-editable | sed -n 's/+.*$$//; /==/p' > build/installed.txt
	$(BIN)/python -m pip_audit --requirement build/installed.txt --no-deps --disable-pip --strict

# In one run, and a table at its end.
bench: setup-dev ## the engine against its rivals, on a quiet machine: ten minutes
	$(PYTEST) tests/benchmarks -o python_files='bench_*.py' -o python_functions='bench_*' $(PYTEST_ARGS)

# Read from its files: no server, no network. The variable silences mkdocs-material's notice.
docs: setup-dev ## the site of docs/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "file://$(CURDIR)/build/site/index.html"

lint: setup-dev ## style, types, layers and docs, two at a time
	@$(MAKE) --no-print-directory --jobs=2 types docs style layers

style: setup-dev ## how the code is written
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev ## whether the types agree
	$(BIN)/mypy

layers: setup-dev ## which package may import which
	$(BIN)/lint-imports

setup: .venv/.ready ## install into .venv what measuring needs
setup-dev: .venv/.ready-dev ## install what the tests need as well

# A stamp is written when everything is installed, and is older than pyproject.toml when that has changed since.
.venv/.ready: pyproject.toml
	@echo "installing into .venv: a few minutes the first time"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --editable .
	touch $@

.venv/.ready-dev: .venv/.ready
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --editable ".[dev]"
	touch $@

# Recorded runs and rendered reports (results/, reports/) are data: no target removes them.
clean: ## remove .venv and caches; results and reports stay
	rm -rf .venv $(CACHES) *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
