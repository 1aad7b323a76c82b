# Every task of the project. `make` or `make help` lists them.
# A fresh machine needs Rust (cargo), a C linker and Python >= 3.10; everything else goes into $(VENV).

PYTHON ?= python3
VENV ?= .venv
# The optional dependencies of pyproject.toml that the tests use: all but `daft` and `spark`. They are in the lock file.
# With the extension come those of the demo.
EXTRAS := arrow,batch,cli,dask,feeds,frames,graph,ics,mcp,otel,redis,serve
DEMO_EXTRAS := cli,feeds,ics,serve
comma := ,
# The versions of all Python packages that tests, benches, docs and linters use.
LOCK := requirements-dev.lock
# Those of `make test-engines` and `make bench-scale`. Their 1.5 GB are in an environment of their own, because the S3
# server needs older packages than the others.
ENGINES_LOCK := requirements-engines.lock
ENGINES_VENV ?= .venv-engines
# ENGINES=daft tests that engine only, and installs only what it needs.
ENGINES ?=
# The extension of this checkout has the hooks with which tests kill and panic; a wheel never has.
FEATURES := python,fault-injection
# Processes that run the Python tests.
WORKERS ?= 2
# A directory that holds a real agent.py, for `make bench AGENT=DIR`.
AGENT ?=

BIN := $(VENV)/bin
# The build requirement is read from pyproject.toml: it stands nowhere else.
MATURIN := $(shell sed -n 's/^requires = \["\(maturin[^"]*\)"\]$$/\1/p' pyproject.toml)
RUST := Cargo.toml Cargo.lock pyproject.toml $(shell find src -name '*.rs' 2>/dev/null)
EXPORTS := CARGO_TERM_COLOR=never VIRTUAL_ENV=$(abspath $(VENV)) PATH="$(abspath $(BIN)):$$PATH"

# A stamp alone is not proof: somebody may have deleted the extension since.
ifeq ($(wildcard python/eventkit/_eventkit*.so),)
$(shell rm -f $(VENV)/.stamp-native)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help check-tools setup build demo test test-rust test-python test-engines test-mcp parity faults loom fuzz \
	fuzz-python bench bench-long bench-server bench-scale bench-telemetry bench-graph relevance bench-understanding bench-mcp figures \
	lint lint-rust lint-python lint-workflows audit lock docs test-all dist check-platforms test-aarch64 clean

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## "; print "Usage: make TARGET [PYTHON=python3.12] [VENV=.venv]\n" } \
	  /^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

check-tools: # Say what is missing, and where to get it, before anything half-works
	@tools/check-tools "$(PYTHON)"

$(VENV)/.stamp-build: pyproject.toml | check-tools
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) '$(MATURIN)'
	@touch $@

# The lock file names every package and version, so `--no-deps` lets nothing else in.
$(VENV)/.stamp-dev: $(VENV)/.stamp-build $(LOCK)
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) uv
	PATH="$(abspath $(BIN)):$$PATH" tools/install-packages $(BIN)/python --no-deps --requirement $(LOCK)
	@touch $@

# A stale extension beside a new one silently wins the import: the old one goes first.
$(VENV)/.stamp-native: $(RUST) $(VENV)/.stamp-build
	rm -f python/eventkit/_eventkit.so python/eventkit/_eventkit.abi3.so \
	  "python/eventkit/_eventkit$$($(BIN)/python -c \
	  'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')"
	$(EXPORTS) PIP_CONSTRAINT=$(abspath $(LOCK)) \
	  $(BIN)/maturin develop --release --quiet --extras $(DEMO_EXTRAS) --features $(FEATURES)
	@touch $@

$(ENGINES_VENV)/.stamp$(ENGINES): $(VENV)/.stamp-dev $(ENGINES_LOCK)
	$(PYTHON) -m venv $(ENGINES_VENV)
	PATH="$(abspath $(BIN)):$$PATH" tools/install-packages $(ENGINES_VENV)/bin/python --constraint $(ENGINES_LOCK) \
	  $(if $(ENGINES),$(ENGINES) fsspec hypothesis numpy pyarrow pytest,--no-deps --requirement $(ENGINES_LOCK))
	@touch $@

setup: $(VENV)/.stamp-dev ## Make .venv and install every tool the other targets use

build: $(VENV)/.stamp-build ## Build the extension (release) into python/eventkit
	@rm -f $(VENV)/.stamp-native
	@$(MAKE) --no-print-directory $(VENV)/.stamp-native

demo: $(VENV)/.stamp-native ## Go from a feed to a plan and a calendar; show answers and times
	@$(EXPORTS) $(BIN)/python tools/demo.py

test: test-rust test-python ## Run every test once: Rust, then Python with the doctests

test-rust: | check-tools
	cargo test --quiet

# A file stays in one process, for what its tests share.
test-python: $(VENV)/.stamp-dev $(VENV)/.stamp-native
	$(EXPORTS) $(BIN)/pytest -n $(WORKERS) --dist loadfile

test-engines: $(ENGINES_VENV)/.stamp$(ENGINES) $(VENV)/.stamp-native ## Test batches on Dask, Daft, Spark and S3 (ENGINES=daft: that one)
	@[ "$(ENGINES)" ] || command -v java >/dev/null || \
	  { echo 'missing: java, for Spark: apt-get install default-jre-headless' >&2; exit 1; }
	PYTHONPATH=python $(ENGINES_VENV)/bin/python -m pytest -m engines $(if $(ENGINES),-k "$(ENGINES)") \
	  tests/test_scale_engines.py tests/test_scale_page.py

parity: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Run the differential tests, 5,000 examples each
	$(EXPORTS) EVENTKIT_HYPOTHESIS=parity $(BIN)/pytest tests/test_parity.py tests/test_differential.py

faults: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Run the fault tests in their long form
	$(EXPORTS) EVENTKIT_FAULTS=long $(BIN)/pytest -m faults --durations=20

bench: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Print the table of ratios, draw the curves (AGENT=DIR)
	$(EXPORTS) $(BIN)/python benches/table.py $(if $(AGENT),--agent "$(AGENT)")

bench-long: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## The same, the Catalog to 10,000,000 sessions
	$(EXPORTS) $(BIN)/python benches/table.py --long $(if $(AGENT),--agent "$(AGENT)")

bench-server: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Load the endpoints beside the original's way and other servers (wrk)
	$(EXPORTS) $(BIN)/python benches/server.py

bench-telemetry: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Time telemetry against rotating handlers and a script
	$(EXPORTS) $(BIN)/python benches/telemetry.py

bench-scale: $(ENGINES_VENV)/.stamp $(VENV)/.stamp-native ## Compare engines, Arrow, shards, builds and SQL; draw docs/scale.png
	PYTHONPATH=python $(ENGINES_VENV)/bin/python benches/scale.py
	PYTHONPATH=python $(ENGINES_VENV)/bin/python benches/scale_shards.py

bench-graph: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Time caches in front of a calendar, bursts, and reading a page of events
	$(EXPORTS) $(BIN)/python benches/graph_cache.py
	$(EXPORTS) $(BIN)/python benches/graph_transform.py

relevance: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Score understanding and other systems on the judged collection (EVENTKIT_RELEVANCE=DIR)
	$(EXPORTS) $(BIN)/python benches/relevance.py

bench-understanding: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Time understanding beside the exact functions
	$(EXPORTS) $(BIN)/python benches/understanding.py

bench-mcp: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Time the tools for agents, and the start of their server
	$(EXPORTS) $(BIN)/python benches/mcp_calls.py

# Both come from npm, by name, into target/npm.
test-mcp: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Run the conformance suite and the inspector of MCP (npm)
	$(EXPORTS) $(BIN)/python tools/test-mcp

loom: ## Check the cache's single-flight loading over all interleavings
	RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom LOOM_MAX_PREEMPTIONS=3 \
	  cargo test --release --manifest-path loom/Cargo.toml

FUZZ_SECONDS ?= 600
fuzz: fuzz-python ## Fuzz every parser (FUZZ_SECONDS=600 each; needs cargo-fuzz, and atheris in the venv)
	@for target in catalog_file json_loader telemetry_summary calendar_page plan understanding \
	    feed_json feed_xml feed_calendar feed_table; do \
	  mkdir -p fuzz/corpus/$$target; \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
	    -dict=fuzz/$$target.dict -max_len=2048 -timeout=10 -rss_limit_mb=2048 \
	    -max_total_time=$(FUZZ_SECONDS) || exit 1; done

fuzz-python: $(VENV)/.stamp-native # The parsers that are Python's: requests, bodies, sealed values
	@for target in request json_body envelope; do \
	  mkdir -p fuzz/corpus/$$target; \
	  $(EXPORTS) $(BIN)/python fuzz/python_targets.py $$target fuzz/corpus/$$target \
	    fuzz/seeds/$$target -max_len=2048 -timeout=10 -max_total_time=$(FUZZ_SECONDS) || exit 1; done

figures: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Measure, and write the README's figures and picture
	$(EXPORTS) $(BIN)/python benches/table.py --readme

lint: lint-rust lint-python ## Check format, lints and types of Rust and Python

# With the feature: nothing is compiled only without it.
lint-rust: $(VENV)/.stamp-build
	cargo fmt --check
	$(EXPORTS) PYO3_PYTHON=$(abspath $(BIN)/python) \
	  cargo clippy --quiet --all-targets --features $(FEATURES) -- -D warnings

lint-python: $(VENV)/.stamp-dev $(VENV)/.stamp-native
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(EXPORTS) $(BIN)/mypy
	$(EXPORTS) $(BIN)/stubtest --mypy-config-file pyproject.toml \
	  --allowlist tools/stubtest-allowlist.txt eventkit

lint-workflows: $(VENV)/.stamp-dev ## Check the workflows of GitHub (zizmor; actionlint if it is installed)
	$(BIN)/zizmor --offline --quiet --persona=pedantic .github/workflows
	@if PATH="$(abspath $(BIN)):$$PATH" command -v actionlint >/dev/null; then \
	  PATH="$(abspath $(BIN)):$$PATH" actionlint; \
	else echo 'NOT CHECKED: the workflows by actionlint, which is not installed' >&2; fi

docs: $(VENV)/.stamp-dev $(VENV)/.stamp-native ## Build the pages into target/site; a broken link fails
	$(EXPORTS) NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

audit: $(VENV)/.stamp-dev ## Check licences, sources and duplicates of the Rust dependencies
	$(EXPORTS) tools/audit

# `--universal` writes one file for every Python from 3.10 on and for every platform.
lock: $(VENV)/.stamp-build ## Write requirements-dev.lock anew, with the newest versions
	$(BIN)/python -m pip install --quiet uv
	echo '$(MATURIN)' | $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 \
	  --no-header --no-annotate $(foreach extra,$(subst $(comma), ,$(EXTRAS)),--extra $(extra)) \
	  --group test --group once --group bench --group docs --group lint --group release \
	  --output-file $(LOCK) - pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --no-header --no-annotate \
	  --extra dask --extra daft --extra spark --group engines --output-file $(ENGINES_LOCK) pyproject.toml

test-all: $(VENV)/.stamp-build ## Test an installed wheel on every Python 3.10-3.15
	VENV=$(abspath $(VENV)) tools/test-all $(VERSIONS)

dist: $(VENV)/.stamp-dev ## Build and check what a release has, as far as this machine can (VERSIONS=..., REPOSITORY=https://...)
	VENV=$(abspath $(VENV)) tools/dist $(VERSIONS)

check-platforms: | check-tools ## Compile the crate for Windows, aarch64 and musl, as far as this machine can
	tools/check-platforms

test-aarch64: | check-tools ## Run the Rust tests and the recorded cases on an emulated aarch64 (an hour)
	tools/test-aarch64

clean: ## Delete the virtual environments and everything that was built
	rm -rf $(VENV) $(ENGINES_VENV) .venv-3.* target dist benches/results .benchmarks .hypothesis \
	  .pytest_cache .mypy_cache .ruff_cache
	rm -f python/eventkit/_eventkit*.so
	find python tests benches tools -name __pycache__ -type d -prune -exec rm -rf {} +
