# Everything starts here: `make help`. Needs Python 3.11 or newer; the rest is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
BENCH := $(VENV)-bench
RESULTS := bench-results
DATA ?= ../shared/data
BENCH_DATA = $(addprefix $(DATA)/,xquad.vi.json vietnews.jsonl.xz vietnews_headlines.jsonl)
Q ?= Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?

.DEFAULT_GOAL := help
.PHONY: help chat ask index test check bench lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

chat: index ## ask your articles in the terminal (builds the index of seeds/ first)
	@$(BIN)/qa-bot chat

ask: index ## one answer: make ask Q="Thu nhập bình quân ở Hải Hậu là bao nhiêu?"
	@$(BIN)/qa-bot ask "$(Q)"

index: $(VENV)/installed ## index seeds/, only what is new
	@$(BIN)/rebuild-index > $(VENV)/rebuild-index.txt || { cat $(VENV)/rebuild-index.txt; exit 1; }

test: $(VENV)/installed-dev ## run the tests
	$(BIN)/python -m pytest

check: $(VENV)/installed-dev ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/installed-dev $(BENCH)/installed ## measure: latency, encoding, others beside, a short curve (DATA=folder)
	@mkdir -p $(RESULTS)
	$(BIN)/python -m benchmarks.latency > $(RESULTS)/latency.txt && cat $(RESULTS)/latency.txt
	@ls $(BENCH_DATA) > /dev/null 2>&1 || { \
	  echo "The rest needs xquad.vi.json, vietnews.jsonl.xz and vietnews_headlines.jsonl; $(DATA) lacks some: make bench DATA=FOLDER" >&2; exit 1; }
	$(BIN)/python -m benchmarks.encoding $(DATA) > $(RESULTS)/encoding.txt && cat $(RESULTS)/encoding.txt
	$(BIN)/python -m benchmarks.comparison $(DATA) --rounds 2 --results $(RESULTS)/comparison.jsonl
	@rm -rf $(RESULTS)/short
	$(BIN)/python -m benchmarks.scale $(DATA) --work $(RESULTS)/short --real --limit 500 --sizes 1000,3000,10000 --searches 300 --asks 100
	@echo "Results: $(RESULTS)/. docs/performance.md says what they are, and how the long ones are measured."

lock: ## write the lock files anew from pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)-lock
	$(VENV)-lock/bin/python tools/lock.py
	rm -rf $(VENV)-lock

clean: ## remove the environment, the index and caches
	rm -rf $(VENV) $(BENCH) index dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install -r requirements.lock
	$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	$(PIP) install -r requirements-dev.lock
	@touch $@

$(BENCH)/installed: benchmarks/requirements-comparison.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip --disable-pip-version-check install -r $<
	@touch $@
