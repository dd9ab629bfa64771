# Every target works on a fresh clone: it makes the environment first. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= .data
CATALOGUE ?= examples/shop/catalogue.yaml
STORE := $(DATA)/shop.sqlite
SAMPLES := $(wildcard $(dir $(CATALOGUE))data/*)
PORT ?= $(or $(IDENTITY_GRAPH_PORT),8080)
TESTS := $(filter-out tests/captures tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))
QUICK_TESTS := tests/unit tests/properties
# These start many processes and compare their speeds, so they have the machine for themselves.
LONE_TESTS := tests/stack tests/faults tests/performance
# A Gremlin Server for each of them, and a core.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help install run test soak lint docs lock stack stack-down stack-status benchmark clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/installed ## Make .venv with the command identity-graph

$(VENV)/installed: requirements.lock pyproject.toml
	@echo "Making the Python environment in $(VENV) (once, 1 to 2 minutes) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: install $(DATA)/shop.loaded ## Serve the sample customers (loaded once) at port PORT, 8080 by default
	@$(BIN)/identity-graph serve --catalogue $(CATALOGUE) --store sqlite:$(STORE) --port $(PORT)

# The stamp comes last, so that an interrupted load is done again from the start.
$(DATA)/shop.loaded: $(CATALOGUE) $(SAMPLES) | $(VENV)/installed
	@mkdir -p $(DATA)
	@rm -f $(STORE) $(STORE)-shm $(STORE)-wal
	@echo "Loading the sample customers into $(STORE) (once) ..."
	@$(BIN)/identity-graph ingest --catalogue $(CATALOGUE) --store sqlite:$(STORE) $(SAMPLES)
	@touch $@

test: install ## Run every test, the quick ones first
	@$(BIN)/python -m pytest $(PARALLEL) $(QUICK_TESTS)
	@$(BIN)/python -m pytest $(PARALLEL) $(filter-out $(QUICK_TESTS) $(LONE_TESTS),$(TESTS))
	@$(BIN)/python -m pytest $(LONE_TESTS)

soak: install ## Run the long tests: twenty times as many random histories, then faults at random (SOAK_MINUTES, 20)
	@HYPOTHESIS_PROFILE=soak HOSTILE_ROUNDS=60 $(BIN)/python -m pytest --timeout 7200 tests/properties tests/contract/test_law.py tests/hostile
	@$(BIN)/python -m tests.faults.soak

lint: install ## Check style, formatting, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: install ## Write the pages of docs/ that are made from the program
	@$(BIN)/python -m cli.settings_page > docs/settings.md
	@$(BIN)/python -m cli.limits_page > docs/limits.md
	@$(BIN)/python -m cli.data_page > docs/your-data.md
	@$(BIN)/python -m cli.event_schema > docs/profile-updated.schema.json
	@$(BIN)/identity-graph catalogue schema > docs/catalogue.schema.json

benchmark: install ## Measure against raw limits and write docs/performance.md; WHAT=ingest for one of them
	@$(BIN)/python -m benchmarks $(WHAT)

lock: install ## Renew requirements.lock from pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --no-header --no-annotate --generate-hashes --quiet --upgrade --output-file requirements.lock

clean: ## Remove the environment and the sample data
	@rm -rf $(VENV) $(DATA)

stack: install ## Start Kafka, Debezium, PostgreSQL, Gremlin Server, the consumer and the API
	@$(BIN)/python -m stack up

stack-down: install ## Stop exactly what `make stack` started
	@$(BIN)/python -m stack down

stack-status: install ## Tell what of the stack runs
	@$(BIN)/python -m stack status
