# Everything a developer or CI runs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NATIVE := agent/podcov_agent/native
NATIVE_SO := $(NATIVE)/linemap-$(shell uname -m).abi3.so
HEADERS := $(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
CAN_COMPILE := $(and $(shell command -v $(CC)),$(wildcard $(HEADERS)/Python.h))

.DEFAULT_GOAL := help
.PHONY: help native bytecode check format test test-local test-cluster nightly python-prepare cluster-prepare cluster-up cluster-down demo bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml tests/support/venv.py
	@$(PYTHON) tests/support/venv.py $(VENV)

native: $(NATIVE_SO) ## compile the map in C, which makes measured code faster; needs Python.h

$(NATIVE_SO): $(wildcard $(NATIVE)/*.[ch]) $(NATIVE)/build.sh
	@CC=$(CC) PYTHON=$(PYTHON) sh $(NATIVE)/build.sh

bytecode: $(STAMP) ## compile what runs before the agent's bundle, with every Python of the tests
	@for python in $$(cd tests && ../$(BIN)/python -m support.interpreters); do \
	  $$python agent/podcov_agent/compiled/compile.py || exit 1; done

check test-local nightly demo bench: $(if $(CAN_COMPILE),$(NATIVE_SO))

check: $(STAMP) ## format, lint, types, import contracts, unit tests; under a minute
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q -n 2 tests/unit

format: $(STAMP) ## format the code and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test: test-local test-cluster ## every test that this machine can run

test-local: $(STAMP) python-prepare ## unit, process and contract tests: no cluster needed
	@$(BIN)/pytest -q -n 2 tests/unit tests/process tests/contract

nightly: $(STAMP) python-prepare ## test-local with all that takes long: every matrix in full, 5,000 programs per Python
	@PODCOV_NIGHTLY=1 $(BIN)/pytest -q -rs -n 2 tests/unit tests/process tests/contract

test-cluster: $(STAMP) ## admission and node tiers on a real Kubernetes, or skipped with the reason
	@$(BIN)/pytest -q -rs tests/admission tests/node

python-prepare: $(STAMP) ## make the Python that pyenv may not have, once per machine: 15 seconds
	@cd tests && ../$(BIN)/python -m support.interpreters

cluster-prepare: $(STAMP) ## make what the tiers need, once per machine: 8 minutes the first time
	@cd tests && ../$(BIN)/python -m support.cluster prepare

cluster-up: $(STAMP) ## a real Kubernetes on this host, to play with (Linux, root)
	@cd tests && ../$(BIN)/python -m support.cluster up

cluster-down: $(STAMP) ## stop it
	@cd tests && ../$(BIN)/python -m support.cluster down

demo: $(STAMP) ## the example shop, measured: locally, or in the cluster named by CLUSTER=
	@$(BIN)/python examples/demo

bench: $(STAMP) ## costs, as ratios in one run
	@$(BIN)/python tests/bench

clean: ## remove what the other targets made
	rm -rf $(NATIVE)/*.so $(VENV) build htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
