# Two commands: `make run` and `make test`. Both make .venv first, from Python 3.11 or later.
# `make test-spark` needs Java 17 or later beside it.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8501
BIN = .venv/bin
# One more than there are cores: browsers and servers are waited for.
WORKERS = -n $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)") --dist loadgroup
# Threads within a sum wait for each other where several people, or several tests, share the cores.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
# Two heaps for all threads (glibc alone): an answer is made in one thread and outlives it, so that each thread's own heap
# is left with holes which no other fills. After four minutes of thirty people 300 of 510 MB were holes, so 50 of 260.
export MALLOC_ARENA_MAX ?= 2

.PHONY: run serve test test-long bench test-spark test-thorough check load locale sample screenshots clean

run: .venv/ready
	$(BIN)/streamlit run app.py --server.port $(PORT)

# Behind its gate, for others too once sluice.toml says how they sign in: docs/sign-in.md.
serve: .venv/ready
	$(BIN)/streamlit run serve.py --server.headless true --server.address $(HOST) --server.port $(PORT)

test: .venv/test .venv/ready check
	$(BIN)/python -m pytest $(WORKERS) -m "not long"

# Those that take seconds each: hundreds of drawn cases, whole journeys in a browser, servers that are killed.
test-long: .venv/test .venv/ready
	$(BIN)/python -m pytest $(WORKERS) -m long

# The tests of drawn cases once more, with all of them instead of a third: before a release, and after a change to
# what they draw.
test-thorough: .venv/test
	THOROUGH=true $(BIN)/python -m pytest $(WORKERS) $(shell grep -rl --exclude-dir=spark "from sizes import" tests)

# A cluster of one master and two workers on this computer, for as long as the tests run; THOROUGH=true asks everything
# of both data sets.
test-spark: .venv/spark
	@java -version 2>/dev/null || { echo "Spark needs Java 17 or later"; exit 1; }
	$(BIN)/python -m pytest tests/spark

check: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Thirty visitors on a server of its own, for about seven minutes; benchmarks/load says what they do.
load: .venv/test
	$(BIN)/python benchmarks/load

# Every benchmark in a short form, and one table of them; OLD=checkout compares with another commit.
bench: .bench/made
	.bench/bin/python benchmarks/bench.py $(if $(OLD),--old $(OLD))

.bench/made: benchmarks/requirements.txt
	$(PYTHON) -m venv .bench
	.bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

# Collects new texts into the Chinese catalogue; untranslated ones come out empty and fail the tests.
locale: .venv/test
	$(BIN)/pybabel -q extract --no-location --sort-output -k say -k N_ -k _ -o locale/sluice.pot analysis server ui pages app.py
	$(BIN)/pybabel -q update -w 120 --no-fuzzy-matching --ignore-obsolete -l zh_CN -D sluice -i locale/sluice.pot -d locale
	rm locale/sluice.pot

# Every page in two languages, two themes and two widths into screenshots/, and README's pictures; PAGES="funnel budget".
screenshots: .venv/test
	$(BIN)/python tests/screenshots.py $(PAGES)

sample: .venv/run
	$(BIN)/python -m sample_data.generate --users 28000 --seed 11 --out sample_data

.venv/bin/python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Sluice needs Python 3.11 or later; set PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# Compiles ahead and makes the sample campaign, so that nobody waits for it at the first start.
.venv/ready: .venv/run $(shell find analysis ui sample_data -name '*.py' -o -name '*.parquet' -o -name '*.csv')
	$(BIN)/python -m ui.prepare
	@touch $@

.venv/test: requirements.txt tests/requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch .venv/run $@

.venv/spark: tests/spark/requirements.txt .venv/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/spark/requirements.txt
	@touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
