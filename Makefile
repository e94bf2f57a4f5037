# The developer commands. `make demo` and `make test` need only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime
READY := .venv/.ready
# Quiet twice, because pip warns about an extra that lxml lacks, which does not matter.
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-warn-script-location
MAILTOOLS := tools/mail/node_modules/.ready

.PHONY: setup demo test chaos proof lint types fmt bench eval mailtools mailcheck webcheck lock clean

setup: $(READY)

# The pinned dependencies of the program.
$(RUNTIME): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is required; choose one: make PYTHON=python3.12 …")'
	@echo "Installing into .venv: this takes about half a minute, once."
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(RUNTIME)

# The tools for tests and checks.
$(READY): $(RUNTIME) requirements-dev.lock
	@echo "Installing the test tools into .venv."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $(READY)

# A complete run on the samples, without account, server or key.
demo: $(RUNTIME)
	@$(BIN)/digest --home . demo

# All tests; ARGS='-m "not slow"' takes less than a minute. DIGEST_TEST_PROFILE=ci is more thorough. With bytecode written, a second
# run starts faster by half.
test: setup
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# 200 seeded schedules of faults and kills, kill -9 at twenty moments of a send of 20,000 recipients, and copies from fifty
# moments of a send, each put back twice. The log of the local SendGrid decides. Takes half an hour;
# ARGS="--schedules 20 --moments 4 --restores 5" for fewer.
chaos: setup
	$(BIN)/python -m tests.chaos $(ARGS)

# The fault report: every fault on every provider, store and number of processes, in build/proof. Takes half an hour to an hour.
# ARGS="--quick" runs each fault once; ARGS="--seed 17" repeats.
proof: setup
	$(BIN)/python -m tests.proof $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/codespell

types: setup
	$(BIN)/mypy

fmt: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Every benchmark but the million: ratios to named rivals, on an idle machine. ARGS=--quick only shows that they work.
bench: setup
	$(BIN)/python -m bench $(ARGS)

# Quality on labelled data: ../shared/data, or another folder with the same layout.
eval: setup
	$(BIN)/python -m evaluation $(if $(DATA),--data $(DATA))

# The pinned node libraries that check emails. They need Debian's chromium, fonts-noto-core, fonts-lohit-deva and node 20.19+.
mailtools: $(MAILTOOLS)

$(MAILTOOLS): tools/mail/package.json tools/mail/package-lock.json
	cd tools/mail && npm ci --silent
	@touch $(MAILTOOLS)

# Every check on our emails: exit 1 on a finding, screenshots in build/mailcheck. See tools/mail/README.md.
mailcheck: setup mailtools
	$(BIN)/python -m tools.mail $(if $(DATA),--data $(DATA)) $(ARGS)

# Every reader page in Chromium, in both languages: exit 1 on a finding, screenshots in build/webcheck.
webcheck: setup mailtools
	$(BIN)/python -m tools.web $(ARGS)

# Run after a change of dependencies in pyproject.toml. The second lock only adds to the first.
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

lock: setup
	$(COMPILE) --extra compression --extra dkim --extra metrics --extra oidc --extra postgres --extra web --extra workers --build-deps-for editable \
	  --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

# Removes build results. Keeps digest.db: it records who got which edition.
clean:
	rm -rf .venv tools/mail/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist preview
