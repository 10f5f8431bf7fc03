# Alizé. `make` lists what can be done. Needs Python 3.11 or newer and make; everything else is installed into .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help
# Compiled modules are kept: else every process that the tests start compiles the program anew, and pytest every test.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help up install dev test quick check bench soak docs pictures matrix lock web dist clean

VENV := .venv
BIN := $(VENV)/bin
# Which Python makes .venv: empty takes the first that is new enough.
PYTHON ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# PyTorch is pinned in pyproject.toml and stays out of the hashed locks: its CPU build is a local version. TORCH_FLAGS takes
# further options of pip, such as the index that carries the CPU-only build (README, "PyTorch").
TORCH := $(shell sed -n 's/^torch = \["\(.*\)"\]$$/\1/p' pyproject.toml)
TORCH_FLAGS ?=
# The page, as built (WEB=no: none). Its npm packages are locked with hashes like Python's; the lock names no registry.
NPM := $(BIN)/python scripts/npm.py
PAGE := $(if $(filter no,$(WEB)),,src/alize/web/index.html)

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: install ## Install what is missing, then serve on http://127.0.0.1:8600 (ALIZE_PORT, ALIZE_HOME, ARGS="--model …")
	@exec $(BIN)/alize up $(ARGS)

install: $(VENV)/.installed $(VENV)/.torch web ## Install the program into .venv

dev: $(VENV)/.dev $(VENV)/.torch $(VENV)/.installed web ## Install what tests and checks need, too

test: dev web/node_modules/.installed ## Run every test (under 25 minutes on two cores)
	@$(NPM) test --silent
	@$(BIN)/python -m pytest -p tests.within -n auto --maxprocesses 4 --dist loadfile

# Each worker runs tests of 28 seconds; to start, to collect and to share out what several files use takes the rest of 90.
quick: dev ## Run as many tests as take 90 seconds, the shortest, and what failed last; the first time all; none that is marked slow
	@$(BIN)/python -m pytest -p tests.within --within 28 -m "not slow" -q -n auto --dist worksteal

check: dev web/node_modules/.installed ## Lint, format, types, import contracts, house rules, documentation, sanitizers, Arm, instruction counts, known vulnerabilities
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(NPM) run lint --silent
	@$(NPM) run types --silent
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/reference.py --check
	@$(BIN)/python scripts/wire.py --check
	@$(BIN)/python -m pytest -q tests/test_house.py
	@$(BIN)/python scripts/sanitize.py
	@$(BIN)/python scripts/emulate.py
	@BROUGHT=1 $(BIN)/python -m pytest -q tests/test_compiler.py
	@$(BIN)/python scripts/count_instructions.py
	@$(BIN)/python scripts/audit.py

bench: dev ## Measure this machine and its peers into docs/performance; ARGS="--works decode-1" only prints what is named
	@if [ -n "$(ARGS)" ]; then $(BIN)/alize bench $(ARGS); else $(BIN)/python benchmarks/performance.py; fi

soak: dev ## Run the long proofs (benchmarks/soak_*.py); figures that are compared stand in docs/performance
	@set -e; for proof in $(wildcard benchmarks/soak_*.py); do echo "$$proof"; $(BIN)/python "$$proof"; done

docs: dev ## Write docs/reference, and the types of the page, from the code
	@$(BIN)/python scripts/reference.py
	@$(BIN)/python scripts/wire.py

pictures: dev ## Photograph the page for the READMEs (docs/figures/page-*.png), with the real model's answers
	@PICTURES=write $(BIN)/python -m pytest -q tests/web/test_pictures.py

matrix: dev ## Write docs/engine/matrix.md, which features go together, from what the tests find
	@MATRIX=write $(BIN)/python -m pytest -q tests/matrix

lock: dev ## Resolve the dependencies anew into the hashed locks
	@$(BIN)/python scripts/lock.py

web: $(PAGE) ## Build the page that the server shows; needs no Node, it is among the locked packages

dist: dev ## Build the wheel, with the page in it, into dist/
	@$(BIN)/python -m build --wheel --no-isolation

clean: ## Remove .venv and what tools leave behind; never touches ALIZE_HOME
	@rm -rf $(VENV) build dist web/node_modules src/alize/web \
		.pytest_cache .ruff_cache .hypothesis .import_linter_cache

# ── installation: a step runs again only where its stamp in .venv is older than the file it depends on ──

$(VENV)/.made:
	@sh scripts/venv.sh "$(VENV)" "$(PYTHON)"
	@touch $@

$(VENV)/.locked: requirements.lock | $(VENV)/.made
	@echo "Installing the locked dependencies …"
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/.locked
	@echo "Installing what tests and checks need …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.torch: pyproject.toml | $(VENV)/.locked
	@echo "Installing $(TORCH) (its CPU build takes 0.75 GB; other builds take more) …"
	@$(BIN)/python -m pip --disable-pip-version-check install "$(TORCH)" $(TORCH_FLAGS)
	@touch $@

# An editable installation knows each module by its place: where one has moved, it would look for it at the old one.
every-time: ;
$(VENV)/.modules: every-time | $(VENV)/.made
	@find src -name '*.py' | LC_ALL=C sort > $@.new; if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(VENV)/.installed: pyproject.toml CMakeLists.txt requirements-compiler.lock $(wildcard csrc/*.* csrc/isa/*.*) $(VENV)/.modules | $(VENV)/.locked
	@$(BIN)/python build_backend/alize_build.py
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# ── the page ──

web/node_modules/.installed: web/package.json web/package-lock.json | $(VENV)/.locked
	@echo "Installing what builds the page …"
	@$(NPM) ci --no-audit --no-fund --loglevel=error || \
		{ echo "make: npm could not install what builds the page. To go on without the page: make up WEB=no" >&2; exit 1; }
	@touch $@

src/alize/web/index.html: web/package-lock.json web/index.html web/vite.config.ts web/tsconfig.json $(shell find web/src web/public -type f) | web/node_modules/.installed
	@echo "Building the page …"
	@$(NPM) run build --silent -- --logLevel error
	@touch $@
