# make demo   the point of the product, in a minute
# make test   every test
# make check  what CI runs: lint, types, import contract, tests
# make help   the rest

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEMO_DIR ?= scoring-demo
TESTS ?= tests

.PHONY: help demo test test-tables coverage check lint types contract format sweep crash mutate interop schema clean

help:
	@sed -n 's/^# make /make /p' Makefile
	@echo "make format    rewrite the code in its one form"
	@echo "make schema    write rules/rubric.schema.json anew from the model"
	@echo "make coverage  the tests again, slower, and which branches they reach"
	@echo "make sweep     the property tests with many more examples (about half an hour)"
	@echo "make crash     what a crash may leave of a log's last batch, more than 8,000 cases (two minutes)"
	@echo "make interop   let clients that are not ours check a log, its tiles and receipts (installs Debian's Go)"
	@echo "make mutate    change the engine in many small places; the tests must notice each"
	@echo "make clean     remove what was made"

# Some systems ship Python without ensurepip; virtualenv makes the same environment there.
$(VENV)/made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "scoreproof needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV) && $(PYTHON) -m pip install -q --target $(VENV).boot virtualenv \
	  && PYTHONPATH=$(VENV).boot $(PYTHON) -m virtualenv -q $(VENV); }
	$(BIN)/python -m pip install -q --upgrade pip
	touch $@

$(VENV)/made-demo: $(VENV)/made pyproject.toml
	$(BIN)/python -m pip install -q -e '.[cli]'
	touch $@

$(VENV)/made-dev: $(VENV)/made pyproject.toml
	$(BIN)/python -m pip install -q -e '.[aws,cli,sign,testing]' --group dev
	touch $@ $(VENV)/made-demo

demo: $(VENV)/made-demo
	@$(BIN)/scoring demo $(DEMO_DIR)

test: $(VENV)/made-dev
	$(BIN)/pytest -q -n 2 $(TESTS)

test-tables: $(VENV)/made-dev
	$(BIN)/python -m pip install -q --group tables
	$(BIN)/pytest -q tests/test_edge_arrow.py

coverage: $(VENV)/made-dev
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -q $(TESTS)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

check: lint types contract test

lint: $(VENV)/made-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/made-dev
	$(BIN)/mypy

contract: $(VENV)/made-dev
	$(BIN)/lint-imports

format: $(VENV)/made-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/made-dev
	$(BIN)/python -m scoring.rubric.schema

sweep: $(VENV)/made-dev
	HYPOTHESIS_PROFILE=long $(BIN)/pytest -q -n 2 tests/test_laws.py tests/test_edges.py

crash: $(VENV)/made-dev
	$(BIN)/python tests/crash_sweep.py

mutate: $(VENV)/made-dev
	$(BIN)/python tests/mutate.py

interop: $(VENV)/made-dev
	command -v go >/dev/null && test -d /usr/share/gocode/src/golang.org/x/mod || apt-get install -y -q golang-go golang-golang-x-mod-dev
	$(BIN)/python tests/interop/go.py

clean:
	rm -rf $(VENV) $(VENV).boot .coverage* .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist build scoring-demo scoring-demo.vault
