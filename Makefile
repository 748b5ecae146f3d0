# Needs Python 3.11 or newer and make; everything else is installed into .venv.

PYTHON ?= python3

BIN := .venv/bin
STAMP := .venv/installed
# The lock names all dependencies: pip need not look for more.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
SBOM := --spec-version 1.6 --output-format JSON --output-reproducible
AXE := tests/browser/node_modules/.package-lock.json
TEST := DJANGO_SETTINGS_MODULE=tests.settings
# Tests in which other processes do the work, or for which coverage would make the time or memory untrue.
UNMEASURED := tests/browser tests/deploy tests/exploration tests/faults tests/local tests/losses tests/mirror/test_pgbouncer.py \
	tests/mirror/test_query_plans_on_a_large_ledger.py tests/sessions/test_real_sessions.py tests/web/test_access.py \
	tests/web/test_memory_of_uploads.py tests/web/test_served_archives.py

# The locks must not tell from which index or folder this machine takes its packages.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade \
	--generate-hashes --allow-unsafe --strip-extras --annotation-style=line \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

# The site needs the mirror as another project would, but for its code, which lies beside it.
MIRROR := --extra=metrics mirror/pyproject.toml

# Tests start many processes, which would compile the project each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install run test coverage screenshots soak mutants explore losses lint style types check-migrations lock audit sbom dist matrix clean bench

## help: list these targets
help:
	@sed -n 's/^## \([a-z-]*\): /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

## install: the locked packages, in .venv
install: $(STAMP)

# The stamp is the last thing written: an interrupted installation starts over. A new lock
# gets a new environment, so that nothing stays installed that the lock does not name.
$(STAMP): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@echo "Installing the locked packages into .venv (a few minutes the first time) ..."
	@rm -rf .venv  # `venv --clear` would empty what a link points to
	@$(PYTHON) -m venv .venv
	@# The pip that comes with Python may be years old, and take three times as long as the locked one.
	@sed -n '/^pip==/,/[^\\]$$/p' requirements-dev.txt >.venv/pip.txt
	@$(INSTALL) -r .venv/pip.txt
	@$(INSTALL) --no-compile -r requirements-dev.txt
	@$(BIN)/python -m compileall -q -j 0 .venv/lib  # on all cores; pip compiles on one
	@touch $@

## run: the site with everything it needs, on this machine only; Ctrl-C stops it
run: install
	@exec $(BIN)/python -m config.local.run

# The browser tests check accessibility with it, and skip that where it is missing.
$(AXE): tests/browser/package.json tests/browser/package-lock.json
	@if command -v npm >/dev/null; then \
		npm ci --prefix tests/browser --no-audit --no-fund --silent && touch $@; \
	else echo "npm is not installed: the accessibility checks are skipped."; fi

## test: style, types, migrations, and the whole test suite
test: install
	@$(MAKE) --no-print-directory -j 2 types style check-migrations $(AXE)
	@# A worker that has nothing left to do takes over tests of another, whatever file they are in.
	$(BIN)/python -m pytest -n auto --dist worksteal

## coverage: how much of the code the fast tests reach, branches too; fails below the floor (ten minutes)
coverage: install
	@# It doubles what a test costs, so `make test` goes without.
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term $(UNMEASURED:%=--ignore=%)

## screenshots: every page in light and dark, on a phone and on a laptop, in .local/screenshots
screenshots: install $(AXE)
	SCREENSHOTS=1 $(BIN)/python -m pytest -n auto tests/browser/test_accessibility_and_screenshots.py \
		tests/browser/test_error_pages.py

## soak: thousands of random steps against the mirror, new ones each time, and all real sessions (20 minutes)
soak: install
	MIRROR_SOAK_EXAMPLES=$${MIRROR_SOAK_EXAMPLES:-200} $(BIN)/python -m pytest tests/faults/test_state_machine.py \
		tests/sessions/test_real_sessions.py

## mutants: each fault test against a broken engine, where it must fail (five minutes)
mutants: install
	MIRROR_BROKEN=1 $(BIN)/python -m pytest tests/faults -n auto --dist loadfile -o timeout=300

## explore: every order of events up to a bound, against the real engine and the broken ones (a few minutes)
explore: install
	$(BIN)/python -m tests.exploration.explore
	$(BIN)/python -m tests.exploration.explore --mutants

## losses: what other ways to mirror lose, each loss made to happen (a minute)
losses: install
	@$(BIN)/python -m tests.losses

## lint: style and types
lint: style types

style: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive campaigns config deploy mirror sessions_app manage.py

types: install
	@# The plugin loads the settings and connects to nothing. The address keeps it from starting the
	@# embedded PostgreSQL: mypy exits too abruptly to stop it again.
	DATABASE_URL=postgres://nobody@localhost/nothing $(BIN)/mypy .

check-migrations: install
	$(TEST) $(BIN)/python manage.py makemigrations --check --dry-run

## lock: write the lock files anew, with the newest versions that requirements*.in allow
lock: install
	$(COMPILE) --output-file=requirements.txt requirements.in $(MIRROR)
	$(COMPILE) --output-file=requirements-dev.txt requirements-dev.in $(MIRROR)
	$(COMPILE) --output-file=tests/support/ministack-requirements.txt tests/support/ministack-requirements.in
	$(COMPILE) --output-file=tests/support/seaweedfs-requirements.txt tests/support/seaweedfs-requirements.in

## dist: the mirror as a package for other projects, wheel and sdist, in dist/
dist: install
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist mirror

## audit: known holes in the locked packages; asks PyPI
audit: install
	@for lock in requirements.txt requirements-dev.txt; do \
		$(BIN)/pip-audit --strict --vulnerability-service pypi --disable-pip --require-hashes \
			--progress-spinner off --requirement $$lock && continue; \
		echo "Either $$lock names packages with known holes, listed above, or PyPI did not"; \
		echo "answer for each. The JSON API of PyPI must be reached: its index is not enough."; \
		exit 1; \
	done

# A fresh environment, which has what a release has and no more: pip checks it against the hashes.
## sbom: sbom.json, the packages of a release with versions and licences, as CycloneDX
sbom: install
	@rm -rf .sbom
	@$(PYTHON) -m venv --without-pip .sbom
	@$(BIN)/pip --python .sbom/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/cyclonedx-py environment $(SBOM) --output-file sbom.json .sbom/bin/python
	@$(BIN)/python -c 'import json, mirror; bill = json.load(open("sbom.json")); \
		bill["metadata"]["component"] = {"type": "application", "name": "tabletop", "version": mirror.__version__}; \
		json.dump(bill, open("sbom.json", "w"), indent=2)'
	@rm -rf .sbom

## matrix: the mirror's tests with each Python, Django and PostgreSQL that its package allows (an hour; ROWS="3.13 6.1")
matrix: install
	$(BIN)/python -m tests.matrix $(ROWS)

## clean: remove .venv, the caches and the data of `make run`
clean:
	rm -rf .venv .local dist .mypy_cache .pytest_cache .ruff_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

## bench: how fast the mirror is, beside its peers (a quarter of an hour; three minutes with QUICK=1)
bench: install
	$(BIN)/python -m tests.bench
