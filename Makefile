# make demo    audits the seeded account of the embedded AWS and says where the report is
# make test    runs the tests
# make check   style, types and layers
# make lock    pins the newest versions that pyproject.toml allows
# make clean   removes all that make and the tools made
#
# Needs python3 (3.11 to 3.13) with venv. Another interpreter, after `make clean`: make test PYTHON=python3.13

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
UV := $(BIN)/uv --quiet pip compile pyproject.toml --universal --python-version 3.11 --upgrade \
  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"
BUILT_FROM := pyproject.toml hatch_build.py $(wildcard auditor/attribution/*.[ch])
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Pango lays out the PDF, and the C compiler makes what reads flow logs; the tests look at pages in a browser.
DEMO_PACKAGES := libpangoft2-1.0-0 fonts-dejavu-core gcc libc6-dev
TEST_PACKAGES := $(DEMO_PACKAGES) poppler-utils chromium

# Hundreds of processes start in a run of the tests: each would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check lock clean
.DELETE_ON_ERROR:

demo: .venv/.demo
	$(BIN)/auditor demo

test: .venv/.dev
	$(BIN)/pytest

check: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: .venv/.dev
	$(UV) --extra build --extra demo --output-file requirements.lock
	$(UV) --all-extras --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf auditor/attribution/_summing.so .venv build dist test-artifacts .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python3.13" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# The build backend comes from the lock too, so nothing is installed that no hash vouches for. Bytecode is made of what is
# imported, when it is: of all that is installed it would take two fifths of the time.
.venv/.demo: requirements.lock $(BUILT_FROM) | .venv/.demo-packages
	$(PIP) install --no-compile --only-binary :all: --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The development lock holds all of the other one, in the same versions.
.venv/.dev: requirements-dev.lock requirements.lock $(BUILT_FROM) | .venv/.test-packages
	$(PIP) install --no-compile --only-binary :all: --require-hashes --requirement requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ .venv/.demo

.venv/.demo-packages: | .venv/.python
	@$(call install_missing,$(DEMO_PACKAGES))
	@touch $@

.venv/.test-packages: | .venv/.python
	@$(call install_missing,$(TEST_PACKAGES))
	@touch $@ .venv/.demo-packages

define install_missing
command -v apt-get >/dev/null || { echo "Not Debian: have what these packages hold: $(1)"; exit 0; }; \
missing=$$(for package in $(1); do \
  dpkg-query --show --showformat='$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || echo $$package; \
done); \
[ -z "$$missing" ] || { set -x; $(SUDO) apt-get update --quiet=2 && \
  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends $$missing >/dev/null; }
endef
