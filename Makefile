# Everything a developer or CI runs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help check format test test-local test-cluster demo bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml tests/support/venv.py
	@$(PYTHON) tests/support/venv.py $(VENV)

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

test-local: $(STAMP) ## unit, process and contract tests: no cluster needed
	@$(BIN)/pytest -q -n 2 tests/unit tests/process tests/contract

test-cluster: $(STAMP) ## admission and node tiers on a real Kubernetes, or skipped with the reason
	@$(BIN)/pytest -q -rs tests/admission tests/node

demo: $(STAMP) ## the example shop, measured: locally, or in the cluster named by CLUSTER=
	@$(BIN)/python examples/demo

bench: $(STAMP) ## costs, as ratios in one run
	@$(BIN)/python tests/bench

clean: ## remove what the other targets made
	rm -rf $(VENV) build htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
