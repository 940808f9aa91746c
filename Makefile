# SPDX-License-Identifier: Apache-2.0
# Two commands do everything on a fresh machine: `make run` and `make test`.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help run test check bench lock clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: .venv/.run ## set up, walk the main job once, then keep the site open on http://127.0.0.1:8000
	@$(BIN)/haechi demo --stay --port $(PORT)

# One worker more than there are cores: browsers and servers are waited for a good deal.
test: .venv/.dev ## set up what the tests need, and run them
	@$(BIN)/python tools/test_needs.py
	@$(BIN)/pytest -n $$(($$(nproc) + 1)) $(ARGS)

check: .venv/.dev ## style, types, imports between rooms, documentation
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && echo "style    ok"
	@$(BIN)/mypy --no-error-summary && echo "types    ok"
	@$(BIN)/lint-imports > build/imports.txt || { cat build/imports.txt; exit 1; } && echo "imports  ok"
	@$(BIN)/python tools/docs_pages.py --check && echo "docs     ok"

bench: .venv/.dev ## measure (docs/benchmarks.md)
	@$(BIN)/haechi bench all $(wildcard ../shared/photos) --out build/bench

lock: .venv/.dev ## renew the locked dependencies
	@$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --quiet --extra build \
		--output-file requirements/run.lock pyproject.toml
	@$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --quiet --extra build --extra dev \
		--constraints requirements/run.lock --output-file requirements/dev.lock pyproject.toml
	@$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --quiet \
		--output-file requirements/peers.lock requirements/peers.in

clean: ## forget the set-up; the data folder stays
	@rm -rf .venv build

.venv/.run: requirements/run.lock pyproject.toml
	@$(PYTHON) tools/set_up.py requirements/run.lock
	@touch $@

.venv/.dev: requirements/dev.lock pyproject.toml
	@$(PYTHON) tools/set_up.py requirements/dev.lock
	@touch .venv/.run $@
