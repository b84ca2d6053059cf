# make demo   the point of the product, in a minute
# make test   every test
# make check  what CI runs: lint, types, import contract, tests
# make help   the rest

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEMO_DIR ?= scoring-demo
TESTS ?= tests

.PHONY: help demo test coverage check lint types contract format schema study clean
.PHONY: test-tables test-spark bench-spark sweep backtest-sweep crash faults kill mutate interop statistics bench-backtest bench-log prove-sweep bench

help:
	@sed -n 's/^# make /make /p' Makefile
	@echo "make format    rewrite the code in its one form"
	@echo "make schema    write rules/rubric.schema.json anew from the model"
	@echo "make coverage  the tests again, slower, and which branches they reach"
	@echo "make sweep     the property tests with many more examples (about half an hour)"
	@echo "make backtest-sweep  100,000 cases decided again over eleven kinds of change (about half an hour)"
	@echo "make bench     what scoring costs, beside a floor and beside other engines; writes docs/performance.md (about five minutes)"
	@echo "make bench-backtest  how much faster a backtest is than scoring again"
	@echo "make test-spark  Spark's workers, two of them on this machine (installs Spark, 500 MB, and Java 17 where there is none)"
	@echo "make bench-spark  Spark on this machine, beside one process and beside all cores (ten minutes)"
	@echo "make bench-log how fast and small the log is, against loops that hash and that sync (ten minutes, 3 GB)"
	@echo "make prove-sweep  proofs and counts against every case of thousands of random rubrics (about an hour)"
	@echo "make crash     what a crash may leave of a log's last batch, more than 8,000 cases (two minutes)"
	@echo "make faults    let every write, sync and rename of a log fail, alone and in pairs (a quarter of an hour)"
	@echo "make kill      kill six writers of one log at random moments, 200 times over (two minutes)"
	@echo "make interop   let clients that are not ours check a log, its tiles and receipts (installs Debian's Go; npm and pip, in places of their own)"
	@echo "make mutate    change the engine in many small places; the tests must notice each"
	@echo "make study     work out docs/ricci.md anew, and draw its picture"
	@echo "make statistics  our statistics beside those of scipy, scikit-learn and krippendorff (installs them apart)"
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

test-spark: $(VENV)/made-spark
	$(BIN)/pytest -q tests/test_edge_spark.py

# 500 MB, so not among what every test needs.
$(VENV)/made-spark: $(VENV)/made-dev
	command -v java >/dev/null || apt-get install -y -q openjdk-17-jre-headless
	$(BIN)/python -m pip install -q --group spark
	touch $@

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

bench-backtest: $(VENV)/made-dev
	PYTHONPATH=tests $(BIN)/python tests/bench_backtest.py

bench-spark: $(VENV)/made-spark
	PYTHONPATH=tests $(BIN)/python -m bench.spark

bench: $(VENV)/made-dev
	$(BIN)/python -m pip install -q --group peers
	PYTHONPATH=tests $(BIN)/python -m bench.bench --write $(BENCH)
	$(if $(BENCH),,$(BIN)/python tests/bench_log.py)

backtest-sweep: $(VENV)/made-dev
	BACKTEST_CASES=100000 $(BIN)/pytest -q -n 2 tests/test_backtest.py

bench-log: $(VENV)/made-dev
	$(BIN)/python tests/bench_log.py

prove-sweep: $(VENV)/made-dev
	HYPOTHESIS_PROFILE=long $(BIN)/pytest -q -n 2 tests/test_prove.py tests/test_joint.py

crash: $(VENV)/made-dev
	$(BIN)/python tests/crash_sweep.py

faults: $(VENV)/made-dev
	$(BIN)/python tests/faults.py

kill: $(VENV)/made-dev
	$(BIN)/python tests/kills.py

mutate: $(VENV)/made-dev
	$(BIN)/python tests/mutate.py

interop: $(VENV)/made-dev
	command -v go >/dev/null && test -d /usr/share/gocode/src/golang.org/x/mod || apt-get install -y -q golang-go golang-golang-x-mod-dev
	$(BIN)/python tests/interop/go.py
	$(BIN)/python tests/interop/clients.py

study: $(VENV)/made-dev
	$(BIN)/python docs/ricci.py

statistics: $(VENV)/made
	$(PYTHON) -m venv $(VENV).peers || $(BIN)/python -m virtualenv -q $(VENV).peers
	$(VENV).peers/bin/python -m pip install -q -e . scipy scikit-learn krippendorff
	$(VENV).peers/bin/python tests/against_peers.py

clean:
	rm -rf $(VENV).peers $(VENV) $(VENV).boot .coverage* .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist build scoring-demo scoring-demo.vault
