# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Where `make bench` finds real data sets: a folder with imdb/train.tsv and imdb/test.tsv.
HEEDFUL_DATA ?= ../shared/data
# The tests run in two processes; WORKERS= runs them in one.
WORKERS ?= -n 2 --dist worksteal

.PHONY: demo test test-all lint bench clean

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(STAMP)
	$(BIN)/heedful demo

test: $(STAMP)
	$(BIN)/python -m pytest $(WORKERS)

test-all: $(STAMP)
	$(BIN)/python -m pytest $(WORKERS) -m 'slow or not slow'

lint: $(STAMP)
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python bench/presets.py --data $(HEEDFUL_DATA) imdb default stacked-bilstm bilstm-head bigru-mlp

clean:
	rm -rf $(VENV) build dist heedful-demo
