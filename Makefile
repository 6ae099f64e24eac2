# Sets up, runs and checks Torihiki. Everything is installed in .venv (and tests/clients/node/node_modules);
# nothing else of the machine is touched. `make` alone lists the targets.

PYTHON ?= python3
REQUIRE ?=
ARGS ?=
# Processes of the tests: one more than cores, since tests often wait for a server; four at the most.
WORKERS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores < 4 ? cores + 1 : 4)))

VENV := .venv
BIN := $(VENV)/bin
NODE := tests/clients/node
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run test check bench lock clean node

help:
	@echo 'make run                  set up, then serve the demo on http://127.0.0.1:8900'
	@echo 'make install              set up .venv with torihiki in $(BIN)'
	@echo 'make test [REQUIRE=all]   set up, then run every test; REQUIRE=all fails on what the machine lacks'
	@echo 'make check                lint, format, types, import rules'
	@echo 'make bench                measure speed as ratios (needs wrk; ARGS="--quick" for a first look)'
	@echo 'make lock                 pin every dependency anew (needs uv)'
	@echo 'make clean                remove what the above have made; your data stays'
	@echo
	@echo 'PYTHON=/path/to/python    the interpreter to make .venv with: 3.11 or newer'
	@echo 'ARGS="-k clients"         more for the command of run or test'

install: $(VENV)/.installed

run: $(VENV)/.installed
	@exec $(BIN)/torihiki serve --demo --access-log $(ARGS)

# A file stays in one process, which starts its servers once.
test: $(VENV)/.installed-dev node
	TORIHIKI_TEST_REQUIRE='$(REQUIRE)' $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(ARGS)

lock:
	requirements/lock

clean:
	rm -rf $(VENV) $(NODE)/node_modules .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -f .coverage .coverage.*
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo 'Torihiki needs Python 3.11 or newer, and $(PYTHON) is not here. Name one: make install PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Torihiki needs Python 3.11 or newer; this is $$($(PYTHON) -V). Name another: make install PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'This Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements/dev.txt $(VENV)/.installed
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# Without npm the tests of the Node clients skip themselves and say so (with REQUIRE=all they fail).
node:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(NODE)/node_modules/.installed; \
	else echo 'npm is not here: the Node clients are not installed'; fi

$(NODE)/node_modules/.installed: $(NODE)/package.json $(NODE)/package-lock.json
	cd $(NODE) && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@
