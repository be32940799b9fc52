# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Where `make bench` finds real data sets: a folder with imdb/, trec/, mr/ and goemotions/.
HEEDFUL_DATA ?= ../shared/data
# The peers that heedful is measured against have an environment of their own.
PEERS := .venv-peers
PEERS_STAMP := $(PEERS)/.installed
# More flags for the benchmarks against peers: BENCH_FLAGS='--limit 400' is a quick try.
BENCH_FLAGS ?=
AGAINST_PEERS := --data $(HEEDFUL_DATA) --peers $(PEERS)/bin/python $(BENCH_FLAGS)
# The tests run in two processes; WORKERS= runs them in one.
WORKERS ?= -n 2 --dist worksteal

.PHONY: demo test test-all lint clean
.PHONY: bench bench-peers bench-presets bench-accuracy bench-network bench-latency bench-growth

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(STAMP)
	$(BIN)/heedful demo

test: $(STAMP)
	$(BIN)/python -m pytest $(WORKERS)

# Some of them run under Keras' other backends, which are in the environment of the peers.
test-all: $(STAMP) $(PEERS_STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,ray,hf,datasets]'
	$(BIN)/python -m pytest $(WORKERS) -m 'slow or not slow'

lint: $(STAMP)
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

$(PEERS_STAMP): bench/peers-requirements.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

bench-peers: $(PEERS_STAMP)

bench: bench-presets bench-accuracy bench-network bench-latency bench-growth

bench-presets: $(STAMP)
	$(BIN)/python bench/presets.py --data $(HEEDFUL_DATA) imdb default stacked-bilstm bilstm-head bigru-mlp

bench-accuracy: $(STAMP) $(PEERS_STAMP)
	$(BIN)/python bench/peers.py $(AGAINST_PEERS) imdb trec mr goemotions

bench-network: $(STAMP) $(PEERS_STAMP)
	$(BIN)/python bench/peer_network.py $(AGAINST_PEERS)

bench-latency: $(STAMP) $(PEERS_STAMP)
	$(BIN)/python bench/latency.py $(AGAINST_PEERS)

bench-growth: $(STAMP) $(PEERS_STAMP)
	$(BIN)/python bench/growth.py $(AGAINST_PEERS)

clean:
	rm -rf $(VENV) $(PEERS) build dist heedful-demo
