# The same commands on a laptop and in CI. `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup env up down status demo test test-long compose-test chaos check docs bench bench-scorer clean
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

PYTHON ?= python3.11
BIN := .venv/bin
UV_VERSION := 0.13.9

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

setup: .venv/.java .venv/.synced .jars/kafka/versions.txt .jars/spark/versions.txt  ## Java, Python packages and jars, each once
	@:

env:  ## Write .env with generated secrets for docker compose
	@sh docker/make-env.sh

up: setup  ## Start Kafka, MLflow, Dagster and the scorer, and wait until they answer
	@$(BIN)/fraud up

down:  ## Stop them
	@$(BIN)/fraud down

status: setup  ## Show them
	@$(BIN)/fraud status

demo: setup  ## The whole loop from an empty folder (KEEP=1 leaves the stack running)
	@$(BIN)/fraud demo $(if $(KEEP),--keep)

compose-test: setup  ## Build the images and try docker-compose.yml on an engine of its own (root, Debian, about 30 minutes)
	@.ci/compose

test: setup .jars/s3/versions.txt  ## All tests, in two processes; the integration tests start their own services
	@$(BIN)/pytest -n 2 --dist loadfile --durations 40 --durations-min 5

test-long: setup  ## The long forms of tests: random messages, 20 model changes at 1,000 a second, 200 kills (hours)
	@FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),100000) $(BIN)/pytest -n 2 --timeout 0 fraud_platform_tests/unit/messages/test_fuzz.py
	@LONG_TESTS=1 $(BIN)/pytest --timeout 0 fraud_platform_tests/integration/test_changes_under_load.py \
		fraud_platform_tests/integration/test_every_way_of_training.py fraud_platform_tests/integration/test_hostile_messages.py \
		fraud_platform_tests/integration/test_chaos.py fraud_platform_tests/integration/test_launch_of_many_days.py \
		fraud_platform_tests/integration/test_lake_upgrade.py fraud_platform_tests/integration/test_other_worlds.py
	@$(MAKE) chaos KILLS=$(or $(KILLS),200)

chaos: setup  ## Kill a running scorer KILLS times (100) at the worst moments, and count what is lost or doubled
	@$(BIN)/python -m fraud_platform_tests.chaos --kills $(or $(KILLS),100) --seed $(or $(SEED),1)

check: setup  ## Format, lint, types, import contract, and that the definitions load
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@home=$$(mktemp -d) && trap 'rm -rf '$$home EXIT && \
		DAGSTER_HOME=$$home $(BIN)/dagster definitions validate -w workspace.yaml --log-level warning

docs: setup  ## Write docs/features.md and docs/metrics.md from what the code declares
	@$(BIN)/python -m fraud_platform.core.features.docs > docs/features.md
	@$(BIN)/python -m streaming.metrics.docs > docs/metrics.md

bench: setup  ## Measure features, batch, stream and parity (about 20 minutes), and write docs/benchmarks.md
	@mkdir -p docs/benchmarks
	@for name in features batch state parity; do \
		echo "benchmarks/$$name.py" && PYTHONPATH=. $(BIN)/python benchmarks/$$name.py --json docs/benchmarks/$$name.json || exit 1; \
	done
	@$(BIN)/python benchmarks/report.py

bench-scorer: setup  ## Measure the whole scorer (15 minutes; QUICK=1: 5; SOAK=30: memory and model changes only; BASE=COMMIT: against that commit in PAIRS=7)
	@mkdir -p docs/benchmarks
ifdef BASE
	@PYTHONPATH=. $(BIN)/python benchmarks/scorer_pairs.py --base $(BASE) $(if $(PAIRS),--pairs $(PAIRS)) $(if $(JSON),--json $(JSON))
else
	@PYTHONPATH=. $(BIN)/python benchmarks/scorer.py --json docs/benchmarks/$(if $(SOAK),soak,scorer).json \
		$(if $(QUICK),--quick) $(if $(SOAK),--soak $(SOAK))
	@$(BIN)/python benchmarks/report.py
endif

clean:  ## Stop the stack and delete data, logs and caches; packages and jars stay
	@[ ! -x $(BIN)/fraud ] || $(BIN)/fraud down
	@rm -rf data logs .*_cache .hypothesis .tmp_dagster_home_* catboost_info spark-warehouse metastore_db derby.log
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11, or name it: make setup PYTHON=…" >&2; exit 2; }
	@$(PYTHON) -m venv .venv || { echo "the virtual environment was not made: on Debian, apt-get install python3.11-venv" >&2; exit 2; }

.venv/.java: | .venv/bin/python
	@bash .ci/java
	@touch $@

.venv/.synced: pyproject.toml uv.lock | .venv/bin/python
	@command -v uv >/dev/null || [ -x $(BIN)/uv ] || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@# inexact: uv itself may live in the environment
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv sync --frozen --inexact --quiet
	@touch $@

.jars/%/versions.txt: fraud_platform/storage/jars.py | .venv/.synced .venv/.java
	@$(BIN)/python -m fraud_platform.local.jars --set $*
	@touch $@
