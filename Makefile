# Every line of this file is a command that also runs alone. `make help` lists them.
PYTHON ?= python3
# Two test processes on two cores: threads that wait for each other would only slow them down.
ONE_THREAD := OMP_NUM_THREADS=1
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo down test lint type fmt unit e2e bench schema

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## installs what the platform needs into this checkout (uv, locked dependencies, the Pulumi CLI)
	@$(PYTHON) tools/bootstrap.py

setup-dev: ## the same, and what the checks need
	@$(PYTHON) tools/bootstrap.py --dev

demo: setup ## the whole loop on real data: provision, ingest, train, stage, compare, promote, release, predict
	@$(BIN)/python -m modelyard_pipelines.demo

down: setup ## stops and removes what demo provisioned; the lake stays (make down DATA=1 removes it too)
	@$(BIN)/modelyard infra down local $(if $(DATA),--with-data --yes)

test: lint type unit e2e ## every check of the project

lint: setup-dev ## style, import contracts, the lock
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports

type: setup-dev ## strict type checking
	@$(BIN)/mypy

unit: setup-dev ## unit, contract, integration and architecture tests
	@$(ONE_THREAD) $(BIN)/pytest tests --ignore=tests/e2e -n 2 --dist loadscope

e2e: setup-dev ## the demo's loop end to end in a temporary home
	@$(BIN)/pytest tests/e2e

bench: ## the figures: JSON and a table, side by side with their peers
	@$(PYTHON) tools/bootstrap.py --dev --bench
	@$(BIN)/python tests/bench/run.py

fmt: setup-dev ## formats the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

schema: setup-dev ## writes environments/schema.json from the typed environment
	@$(BIN)/python -m modelyard.environment.schema
