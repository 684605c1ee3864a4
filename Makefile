# make demo    install, run the Mediterranean with and without the EU-Turkey Statement, draw the figures
# make test    install, lint, check types, test
# make test-all     the same, with what takes minutes: every command that a document shows
# make test-lowest  a part of the tests at the lowest versions that pyproject.toml allows, in an environment of its own
# make bench   measure speed against Flee and a plain Mesa model
# make lock    renew requirements.lock
# make clean   remove what these made, but no results

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := results/demo
LOWEST := .venv-lowest
# What stands on libraries: files, the command line, tables, hashes, sweeps, figures, the page.
AT_LOWEST := tests/test_cli.py tests/test_store.py tests/test_outputs.py tests/test_values.py tests/test_sameness.py \
	tests/test_draws.py tests/test_twin.py tests/test_evidence_command.py tests/test_plots.py
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
FIND_PYTHON := for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	if $$name -c '$(RECENT)' >/dev/null 2>&1; then command -v $$name; break; fi; done

export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test test-all test-lowest bench lock clean install
.DEFAULT_GOAL := demo

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@set -e; python="$(PYTHON)"; [ -n "$$python" ] || python="$$($(FIND_PYTHON))"; \
	if [ -z "$$python" ]; then echo "Corridor needs Python 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; fi; \
	if command -v uv >/dev/null 2>&1; then \
		$(BIN)/python -c '$(RECENT)' >/dev/null 2>&1 || uv venv --quiet --clear --python "$$python" $(VENV); \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
		$(BIN)/python -c '$(RECENT)' >/dev/null 2>&1 || "$$python" -m venv --clear $(VENV); \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock; \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .; \
	fi
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/corridor run eu-turkey-2016 --persons-per-agent 10 --out $(DEMO)/with --overwrite
	$(BIN)/corridor run eu-turkey-2016 --persons-per-agent 10 --override without-statement-and-closure \
		--out $(DEMO)/without --overwrite
	$(BIN)/corridor plot $(DEMO)/with $(DEMO)/without --out $(DEMO)/compared
	@echo "figures: $(DEMO)/with/figures (observed and simulated), $(DEMO)/compared (with and without)"

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 -q

test-all: test
	$(BIN)/python -m pytest -n 2 -q -m slow

test-lowest: $(LOWEST)/.installed
	$(LOWEST)/bin/python -m pytest -q -p no:cacheprovider $(AT_LOWEST)

$(LOWEST)/.installed: pyproject.toml tools/lowest.py
	@set -e; python="$(PYTHON)"; [ -n "$$python" ] || python="$$($(FIND_PYTHON))"; \
	"$$python" -m venv --clear $(LOWEST); \
	"$$python" tools/lowest.py report discovery > $(LOWEST)/lowest.txt; \
	$(LOWEST)/bin/python -m pip install --quiet -c $(LOWEST)/lowest.txt pytest hypothesis hatchling editables; \
	$(LOWEST)/bin/python -m pip install --quiet --no-build-isolation -c $(LOWEST)/lowest.txt -e '.[report,discovery]'
	@touch $@

bench: $(STAMP)
	$(BIN)/python benchmarks/run.py

# Needs uv. One lock for every platform and every Python from 3.11 on; it names no registry.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra dev pyproject.toml -o requirements.lock
	@if grep -nE '://|^--|/opt/|file:' requirements.lock; then echo "an address in requirements.lock" >&2; exit 1; fi

clean:
	rm -rf $(VENV) $(LOWEST) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
