# Every target but help and clean sets up .venv first, if that is needed. GNU make 3.81 and later.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# The set-up leaves compiling to the first import
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PY := $(BIN)/python
# an argument of the shell, whatever it has in it
quoted = '$(subst ','\'',$(1))'
STAGE_OPTIONS = --stage $(call quoted,$(STAGE)) $(if $(ACCOUNT),--account $(call quoted,$(ACCOUNT))) $(if $(REGION),--region $(call quoted,$(REGION)))

SAMPLE ?= day
RUN_day := --raw sample/devices-raw-data.json --devices sample/devices.json --run-date 2021-03-23
RUN_month := --raw sample/household-month.json --devices sample/household-devices.json --run-date 2021-04-30

.PHONY: help setup run lab aws notebooks hooks screenshots bench test test-exhaustive test-fast lint format lock clean package deploy-local deploy doctor invoke logs rollback remove

help: ## Show this help
	@echo 'make TARGET, where TARGET is'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile
	@echo 'PYTHON=/path/to/python3.12 chooses another Python than the newest of 3.11 to 3.13.'

setup: ## Make .venv from the lock; does nothing, and asks no network, where it is ready
	@sh scripts/setup.sh

run: setup ## Run the whole pipeline on the sample, results in out/; SAMPLE=month for a household's month
	@$(if $(RUN_$(SAMPLE)),$(BIN)/etl run $(RUN_$(SAMPLE)) --out out,echo 'SAMPLE=$(SAMPLE): no such sample; expected day or month.' >&2; exit 2)

lab: setup ## Open JupyterLab on the notebooks, with the sample in an embedded AWS
	@$(BIN)/etl lab

aws: setup ## Start the embedded AWS with the pipeline and the sample, until Ctrl-C
	@$(BIN)/etl up

package: setup ## Build the zips of functions and layers, without Docker, and check their sizes (layers are cached)
	@$(PY) scripts/package.py

node_modules: package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node 20 or later for the deployment tools.' >&2; exit 1; }
	@echo 'Installing the deployment tools (osls) ...'
	@npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch node_modules

deploy-local: setup node_modules package ## Deploy both stacks to a fresh embedded AWS with osls, run and compare
	@$(PY) scripts/deploy_local.py

deploy: setup ## Check stage and account, build, deploy to AWS: STAGE=dev [ACCOUNT=...] [REGION=...]
	@$(PY) scripts/stage.py deploy $(STAGE_OPTIONS)

doctor: setup ## Say of an account and a stage whether a deploy and a run would work; changes nothing: STAGE=dev
	@$(PY) scripts/doctor.py $(STAGE_OPTIONS)

invoke: setup ## Run the deployed pipeline once, print its answer: STAGE=dev [DATA='{"run_date": "2021-03-23"}']
	@$(PY) scripts/stage.py invoke $(STAGE_OPTIONS) $(if $(DATA),--data $(call quoted,$(DATA)))

logs: setup ## Show a deployed function's log: STAGE=dev [FUNCTION=data_join]
	@$(PY) scripts/stage.py logs $(STAGE_OPTIONS) $(if $(FUNCTION),--function $(call quoted,$(FUNCTION)))

rollback: setup ## List a published day's versions; with VERSION, publish that one again: STAGE=dev DAY=20210323 [VERSION=...]
	@$(PY) scripts/rollback.py $(STAGE_OPTIONS) --day $(call quoted,$(DAY)) $(if $(VERSION),--version $(call quoted,$(VERSION)))

remove: setup ## Remove functions and state machine; table and buckets stay: STAGE=dev
	@$(PY) scripts/stage.py remove $(STAGE_OPTIONS)

notebooks: setup ## Re-execute the committed notebooks, show what changed, ask before it is written; ACCEPT=1 writes
	@$(PY) scripts/execute_notebooks.py $(if $(ACCEPT),--accept)

hooks: setup ## Show and merge notebooks cell by cell in this clone (nbdime), check before each commit
	@$(PY) scripts/hooks.py

screenshots: setup ## Make the pictures of docs/images anew, with a real browser
	@$(PY) tests/browser/make_screenshots.py

bench: setup ## Run the benchmarks against the alternatives, a few minutes; SIZE=full for all sizes
	@$(PY) benchmarks/all.py $(if $(SIZE),--size '$(SIZE)')

test: lint node_modules ## Check format, lint and types, and run the tests and notebooks, about ten minutes
	@echo 'Testing: unit, functional, notebooks ...'
	@$(PY) -m pytest tests notebooks --nbval --nbval-current-env -m 'not exhaustive' --durations=10

test-exhaustive: setup node_modules ## Run the tests that take long, five minutes; CI runs them as well
	@$(PY) -m pytest tests -m exhaustive --durations=10

test-fast: setup ## Run the unit tests only, about a minute
	@$(PY) -m pytest tests -m 'not functional and not notebook and not slow'

lint: setup ## Check format, lint and types; change nothing
	@echo 'Checking format, lint and types ...'
	@$(BIN)/ruff format --quiet --check --diff .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary

format: setup ## Format the code and apply the linter's safe fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: setup ## Remake the locks and environment.yml; UPGRADE=1 takes newer versions
	@$(PY) scripts/lock.py $(if $(UPGRADE),--upgrade)

clean: ## Remove .venv and caches; out/ stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	@find . -name node_modules -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune -exec rm -rf {} +
