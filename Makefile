# Everything a newcomer needs is one word after `make`. Each command sets up what it uses: there is no order to learn.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.SUFFIXES:
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
# Which Python makes the environment, when it is to be another than the first of 3.11 or later on PATH: make PYTHON=...
PYTHON ?=
# More options for the command behind a target: make demo ARGS=--keep, make test ARGS="-k payments"
ARGS ?=
# Two workers suit a laptop and the CI machine alike: the tests start servers and terminals of their own.
WORKERS ?= 2

RUN_STAMP := $(VENV)/.stamp-run
DEV_STAMP := $(VENV)/.stamp

# Every package, the build backend too, comes in by the hash in its lock file; ours is then linked in place, so that
# an edit shows at once. No step of the build fetches anything the lock does not name.
define install
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r $(1)
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

LOCK := $(BIN)/pip-compile --quiet --generate-hashes --no-header --strip-extras \
	--allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --build-deps-for editable

.PHONY: help
help: ## List these commands
	@echo "make COMMAND, where COMMAND is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(RUN_STAMP) ## A ledger with a demonstration branch, and the terminal signed in to it (ARGS=--keep keeps it)
	@exec $(BIN)/branchtui demo $(ARGS)

# Tests start the program hundreds of times; where the environment forbids to keep what was compiled, each start would
# compile all of it anew, which is a third of its time.
test faults night mutants: export PYTHONDONTWRITEBYTECODE =

.PHONY: test
test: $(DEV_STAMP) ## Run the tests: under ten minutes on two cores
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "not faults" $(ARGS)

.PHONY: faults
faults: $(DEV_STAMP) ## The longer trials, power cuts, dead processes, cut lines (BRANCHTUI_SEED=... has a run again)
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m faults $(ARGS)

.PHONY: night
night: export BRANCHTUI_EVERY_CASE ?= 1
night: export BRANCHTUI_LINE_STEP ?= 1
night: export BRANCHTUI_LIST_HISTORIES ?= 200
night: export BRANCHTUI_SIMULATED_OPERATIONS ?= 1000000
night: export BRANCHTUI_RACED_PURCHASES ?= 10000
night: export BRANCHTUI_STRANGERS ?= 4
night: export BRANCHTUI_POWER_CUTS ?= 10000
night: export BRANCHTUI_KILLS ?= 1000
night: export BRANCHTUI_HISTORY_OPERATIONS ?= 2000
night: export BRANCHTUI_RACED_EDITS ?= 10000
night: export BRANCHTUI_TYPED_EXAMPLES ?= 2000
night: export BRANCHTUI_STRANGER_EXAMPLES ?= 50
night: $(DEV_STAMP) ## Every case of every test, with the long figures: hours
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --timeout=0 $(ARGS)

.PHONY: mutants
mutants: $(DEV_STAMP) ## Seed one bug after another: do the tests notice? Rewrites docs/mutants.md (ARGS='"NAME"' tries one)
	$(BIN)/python -m tools.mutants $(ARGS)

.PHONY: check
check: $(DEV_STAMP) ## Lint, formatting, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(DEV_STAMP) ## Format the code and mend what the linter can mend safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(DEV_STAMP) ## Run the benchmarks and rewrite bench/RESULTS.md
	$(BIN)/python -m bench $(ARGS)

.PHONY: pictures
pictures: $(DEV_STAMP) ## Make the pictures of the manual anew, from the program itself
	$(BIN)/python -m tools.pictures $(ARGS)

.PHONY: rules
rules: $(DEV_STAMP) ## Make docs/rules.md anew: each rule, and the tests that prove it
	$(BIN)/python -m tools.rules

.PHONY: venv
venv: $(DEV_STAMP) ## Set up .venv with everything for development

.PHONY: lock
lock: $(DEV_STAMP) ## Rewrite requirements/ from pyproject.toml (ARGS=--upgrade takes newer releases)
	$(LOCK) $(ARGS) --extra ledger --output-file requirements/run.txt pyproject.toml
	$(LOCK) $(ARGS) --extra ledger --extra dev --constraint requirements/run.txt \
		--output-file requirements/dev.txt pyproject.toml
	@for file in requirements/run.txt requirements/dev.txt; do \
		if grep -n -e '://' -e '^-' $$file; then \
			echo "$$file names an address or an option of this machine (above)." >&2; exit 1; \
		fi; \
		{ printf '# Made by `make lock`: every release and the hash of each of its files, for Python 3.11 and later.\n'; \
		  printf '# Do not edit; change pyproject.toml and make it anew.\n'; \
		  grep -v -e '^# Made by `make lock`' -e '^# Do not edit; change' $$file; } > $$file.new && \
		mv $$file.new $$file || exit 1; \
	done

.PHONY: clean
clean: ## Remove .venv, caches and builds
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── The environment ──

$(VENV)/pyvenv.cfg:
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then \
		for name in python3 python3.13 python3.12 python3.11; do \
			if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
				python=$$name; break; \
			fi; \
		done; \
	fi; \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 or later is needed and none was found on PATH." >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make a virtual environment: its venv module is not installed." >&2; \
		echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUN_STAMP): requirements/run.txt pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing what the program needs; the first time takes a minute"
	$(call install,requirements/run.txt)
	@touch $@

$(DEV_STAMP): requirements/dev.txt requirements/run.txt pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing what the program and its development need; the first time takes a minute"
	$(call install,requirements/dev.txt)
	@touch $(RUN_STAMP) $@
