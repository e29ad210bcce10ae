# Everything runs from .venv, which `make setup` fills from the lock files.
PYTHON ?= python3
BIN := .venv/bin
export CALLSURE_PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo serve test soak bench lint format lock

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: ## install what the server and the demo need into .venv
	@$(PYTHON) scripts/setup.py runtime

setup-dev: ## install what tests and checks need as well
	@$(PYTHON) scripts/setup.py dev

demo: setup ## one real call against the demo agent, shown live
	@$(BIN)/callsure demo

serve: setup ## the server, embedded or as .env says
	@$(BIN)/callsure serve

test: setup-dev ## all tests but the long ones
	@$(BIN)/python -m pytest -m "not soak"

soak: setup-dev ## the long tests: many kills, outages and long calls
	@$(BIN)/python -m pytest -m soak

bench: setup-dev ## measure against a plain Pipecat pipeline; writes bench/results.json
	@$(BIN)/python -m bench

lint: setup-dev ## style, types and the layers between the folders
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup-dev ## rewrite the code in the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## write the lock files anew (needs uv and a network)
	uv pip compile pyproject.toml --extra embedded --universal --generate-hashes \
		--no-emit-index-url --no-header -o requirements/runtime.lock
	uv pip compile pyproject.toml --extra embedded --group dev -c requirements/runtime.lock \
		--universal --generate-hashes --no-emit-index-url --no-header -o requirements/dev.lock
