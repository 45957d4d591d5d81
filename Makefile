# Two commands do all the set-up on a fresh machine that has Python 3.11 and git: `make demo` and `make test`.
# FOR=30s ends the demo by itself; PYTEST="-k journey" narrows the tests; PYTHON=… picks the interpreter.

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt

.PHONY: demo test lint format bench soak soak-load docs lock clean help

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(VENV)/.run ## a demo shop and its watcher, until Ctrl-C (FOR=30s: ends by itself)
	@$(BIN)/techrun demo $(if $(FOR),--for $(FOR))

test: $(VENV)/.test ## all tests; as root on Debian and Ubuntu it installs the programs they use
	@.ci/system-packages test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(PYTEST)

lint: $(VENV)/.lint ## ruff, mypy and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.lint ## let ruff write the code as it wants to read it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test ## the measurements of benchmarks/README.md, side by side with peers
	@.ci/system-packages bench
	$(BIN)/python -m benchmarks

soak: $(VENV)/.test ## the slow tests
	$(BIN)/python -m pytest -m slow --timeout 1200 --ignore tests/load/test_load_soak.py

soak-load: $(VENV)/.test ## a load test of half an hour: memory flat, report right
	$(BIN)/python -m pytest -m slow tests/load/test_load_soak.py

docs: $(VENV)/.test ## write the generated parts of README.md and docs/ anew
	$(BIN)/python tests/generate_docs.py

lock: $(VENV)/.test $(VENV)/.lint ## write down the versions that CI installs
	$(BIN)/python -m pip freeze --exclude-editable > .ci/constraints.txt

clean: ## forget the virtual environment
	rm -rf $(VENV)

$(BIN)/python:
	@.ci/venv $(VENV)

$(VENV)/.run: $(BIN)/python pyproject.toml .ci/constraints.txt
	@echo "Installing techrun into $(VENV) …"
	@$(PIP_INSTALL) --editable '.[load]'
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "Installing what the tests use …"
	@$(PIP_INSTALL) --group test --group oscar
	@touch $@

$(VENV)/.lint: $(VENV)/.run
	@$(PIP_INSTALL) --group lint
	@touch $@
