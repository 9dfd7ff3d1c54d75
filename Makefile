# The four commands anyone needs: setup, run, test, check. Each works alone on a fresh machine. `install` is for a
# machine that only serves customers: no tool of the tests gets there.
PYTHON ?= python3
PORT ?= 8000
# `make run HOST=0.0.0.0` serves the network too, such as a phone on which a designer looks.
HOST ?= 127.0.0.1
BIN := .venv/bin
READY := .venv/ready

# As other machines call this one: a form that a phone sends is only taken from the portal's own address.
NAMED = $(if $(filter 0.0.0.0 ::,$(HOST)),$(shell $(BIN)/python -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("192.0.2.1", 9)); print(s.getsockname()[0])'),$(HOST))

.PHONY: setup install run test check integration texts lock bench pictures compare

setup: $(READY)

# The locks name every package there is, so nothing is resolved: pip's resolver may come to `pydantic[email]` before the
# line that gives the hashes of pydantic, and refuses it then. `pip check` says what a lock lacks.
$(READY): requirements-dev.lock
	$(PYTHON) -c 'import sys; sys.exit("Kabinet needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements-dev.lock
	$(BIN)/pip check --disable-pip-version-check
	touch $(READY)

install:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	$(BIN)/pip check --disable-pip-version-check

run: setup
	$(BIN)/litestar registry demo --if-empty
	@echo "Open http://127.0.0.1:$(PORT)/ and, for what to type and where the codes arrive, http://127.0.0.1:$(PORT)/dev"
	@env $$(test -n "$$KABINET_PUBLIC_URL" || grep -qs '^KABINET_PUBLIC_URL=' .env || echo "KABINET_PUBLIC_URL=http://$(NAMED):$(PORT)") \
	  $(BIN)/litestar run --host $(HOST) --port $(PORT)

test: setup
	PYTHON=$(BIN)/python tests/browser-setup
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# What needs programs that pip does not bring: PgBouncer, nginx, Caddy, systemd-analyze, Kannel, Postfix, SpamAssassin. On
# Debian it installs them itself.
integration: setup
	tests/integration-setup
	$(BIN)/python -m pytest -q -m integration tests/integration

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/litestar check
	$(BIN)/djlint --lint templates --quiet
	$(BIN)/python -m pytest -q tests/test_conventions.py
	$(BIN)/deptry .

# Ratios to references within one run, never a pass or fail: docs/performance.md. Single figures, JSON and shorter runs:
# .venv/bin/python -m tests.bench --help
bench: setup
	$(BIN)/python -m tests.bench

# The pictures of docs/manual.ru.md, docs/design.md and README.md, taken from a running portal.
pictures: setup
	PYTHON=$(BIN)/python tests/browser-setup
	$(BIN)/python -m tests.manual
	$(BIN)/python -m tests.manual.design

# Every state and message of BASE and of the work tree side by side: compare/index.html. ONLY=registration takes those
# whose journey, fragment or name says so; ALL=1 draws what is the same to the byte, too.
BASE ?= main
compare: setup
	PYTHON=$(BIN)/python tests/browser-setup
	$(BIN)/python -m tests.compare --base "$(BASE)" --only "$(ONLY)" $(if $(ALL),--all)

# New texts of the templates into templates/locale, to be translated there.
texts: setup
	$(BIN)/litestar texts

# Pins every dependency by hash and names no package index: requirements.lock is what runs, requirements-dev.lock holds
# the same versions and the tools.
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

lock:
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock
