# Everything is installed into .venv; nothing outside it is touched, but for Qt's system
# libraries on Debian and Ubuntu, which are installed where make runs as root.

PYTHON := $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && command -v $$name && break; done)
BIN := .venv/bin
INSTALLED := .venv/installed
# A worker that crashed ends the run: xdist's replacement of it may wait for ever.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart 0

.PHONY: help run demo screenshots test check bench clean

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

run: $(INSTALLED) ## open the window
	@$(BIN)/python main.py

demo: $(INSTALLED) ## watch the whole way, from the first photo to faces found live
	@$(BIN)/facegui tour build/tour

screenshots: $(INSTALLED) ## take pictures of every tab in every state
	@$(BIN)/facegui screenshots build/screenshots

test: $(INSTALLED) ## run all tests, and see that they reach enough of the code
	$(PYTEST) --cov --cov-report term
	$(BIN)/python -m coverage report --include 'facegui/core/*,facegui/ml/*' --fail-under 90

check: $(INSTALLED) ## look over the code and run the fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(PYTEST) -m 'not slow'

bench: $(INSTALLED) ## run the benchmarks
	@failed=; for program in benchmarks/*.py; do echo "$$program"; \
	$(BIN)/python $$program || failed="$$failed $$program"; done; \
	if [ -n "$$failed" ]; then echo "not reached:$$failed"; exit 1; fi

clean: ## remove .venv and all that can be made again
	rm -rf .venv build dist *.egg-info .coverage .coverage.* .hypothesis .import_linter_cache \
	.mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installs again only when what is to be installed has changed.
$(INSTALLED): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
	echo "FaceGUI needs Python 3.11, 3.12 or 3.13. Install one and make sure that it is found."; \
	exit 1; fi
	@$(PYTHON) facegui/core/system_libraries.py --install
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt --editable '.[dev]'
	@touch $@
