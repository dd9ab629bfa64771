# Every target works on a fresh clone: it makes the environment first. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= .data
CATALOGUE ?= examples/shop/catalogue.yaml
STORE := $(DATA)/shop.sqlite

.DEFAULT_GOAL := help
.PHONY: help install run test lint lock stack stack-down stack-status benchmark clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/installed ## Make .venv with the command identity-graph

$(VENV)/installed: requirements.lock pyproject.toml
	@echo "Making the Python environment in $(VENV) (once) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

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
