# make demo    install, run the Mediterranean with and without the EU-Turkey Statement, draw the figures
# make test    install, lint, check types, test
# make bench   measure speed against Flee and a plain Mesa model
# make lock    renew requirements.lock
# make clean   remove what these made, but no results

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := results/demo
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
FIND_PYTHON := for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	if $$name -c '$(RECENT)' >/dev/null 2>&1; then command -v $$name; break; fi; done

export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test bench lock clean install
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
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 -q

bench: $(STAMP)
	$(BIN)/python benchmarks/run.py

# Needs uv. One lock for every platform and every Python from 3.11 on; it names no registry.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra dev pyproject.toml -o requirements.lock
	@if grep -nE '://|^--|/opt/|file:' requirements.lock; then echo "an address in requirements.lock" >&2; exit 1; fi

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
