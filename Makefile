# demo: the main job, from nothing.   test: all tests.   up / down: server, UI and worker.
# Each does its own set-up; it needs Python 3.11 or later, make and a C library.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CLIENTS := $(VENV)/clients

.PHONY: demo test test-ui explore rehearse up down links lint generate clients format bench chaos count pictures lock sbom vulnerabilities clean

demo: $(READY)
	@$(BIN)/python -u -m scripts.demo

# Several hundred processes: what one has compiled, the others need not, whatever the environment says.
test: $(READY) $(CLIENTS)/.ready
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -rfEs --numprocesses 5 --dist worksteal

# Operators at the Temporal UI: part of the above wherever there is a Chromium.
test-ui: $(READY)
	@$(BIN)/python -m pytest -rs tests/ui

# The rules under other generated sequences each time, and many of them.
explore: $(READY)
	@REDRESS_EXAMPLES=1000 $(BIN)/python -m pytest --confcutdir=tests/domain tests/domain/test_generated.py tests/domain/test_recount.py

rehearse: $(READY)
	@$(BIN)/python starter.py rehearse --all 2>/dev/null

up: $(READY)
	@$(BIN)/python -u -m scripts.devserver up

down: $(READY)
	@$(BIN)/python -m scripts.devserver down

# Ready lists in the Temporal UI, with the dates of today.
links: $(READY)
	@$(BIN)/python -m redress.services.links

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/python -m scripts.generate --check && PYTHONPATH=. $(BIN)/lint-imports --no-logo

# What is made from redress/domain/messages.py: handlers, and the tables of docs/messages.md.
generate: $(READY)
	@$(BIN)/python -m scripts.generate

# Clients in four languages by openapi-generator, which needs Java, and what `make test` does with one in Python.
clients: $(READY) $(CLIENTS)/.ready
	@PATH="$(CURDIR)/$(CLIENTS)/bin:$$PATH" $(BIN)/python -m pytest -rs tests/api/test_generators.py

format: $(READY)
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

# Speed and size beside what is promised; one part or several: make bench parts="throughput history".
bench: $(READY)
	@$(BIN)/python -m scripts.bench $(parts)

# Every part killed, stopped and confused under traffic, and what is there counted: make chaos seed=7 minutes=12
# The result is JSON on standard output, or in a file: out=chaos.json (docs/operating.md).
chaos: $(READY)
	@$(BIN)/python -m tests.chaos --seed $(or $(seed),1) --minutes $(or $(minutes),4) $(if $(out),>$(out))

# Lines of code of the product: no blank lines, comments, docstrings, tests, migrations, generated files.
count: $(READY)
	@$(BIN)/python -m scripts.count

# What docs/ shows of each procedure; a test fails where it is older than the data.
pictures: $(READY)
	@for name in statutory corporate irm representation; do $(BIN)/python starter.py procedure $$name --out docs/pictures || exit 1; done

# What the image installs, as a CycloneDX document for whoever has to know: SECURITY.md.
sbom: $(VENV)/.supply
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible requirements-runtime.lock

# Known vulnerabilities in it; says so where the service that knows them is out of reach.
vulnerabilities: $(VENV)/.supply
	@$(BIN)/python -m scripts.vulnerabilities

# For whoever changes a dependency: needs uv. Versions and hashes only, no addresses.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --group dev pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  pyproject.toml -o requirements-runtime.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --group supply pyproject.toml -o requirements-supply.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --group clients -o requirements-clients.lock

clean:
	rm -rf $(VENV) .redress

$(READY): requirements.lock
	@echo "setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.supply: $(READY) requirements-supply.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-supply.lock
	@touch $@

$(CLIENTS)/.ready: $(READY) requirements-clients.lock
	@$(PYTHON) -m venv $(CLIENTS)
	@$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-clients.lock
	@touch $@
