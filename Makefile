# Everything that a developer runs. `make demo` and `make test` need only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime
READY := .venv/.ready
# Twice quiet: pip warns about an extra that lxml lacks, which means nothing here.
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-warn-script-location
JUDGES := tools/mail/node_modules/.ready

.PHONY: setup demo test chaos lint types fmt bench eval mailtools mailcheck webcheck lock clean

setup: $(READY)

# What the program itself needs, pinned.
$(RUNTIME): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 …")'
	@echo "Installing into .venv: this takes about half a minute, once."
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(RUNTIME)

# The tools of tests and checks besides.
$(READY): $(RUNTIME) requirements-dev.lock
	@echo "Installing the test tools into .venv."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $(READY)

# The whole job on the samples: no account, no server, no key.
demo: $(RUNTIME)
	@$(BIN)/digest --home . demo

# Everything; ARGS='-m "not slow"' takes less than a minute. DIGEST_TEST_PROFILE=ci is more thorough. With bytecode written, a second
# run starts faster by half.
test: setup
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# 200 seeded schedules of faults and kills, and kill -9 at twenty moments of a send of 20,000 readers, against a SendGrid of
# our own whose log is the judge. Some twenty minutes; ARGS="--schedules 20 --moments 4" for fewer.
chaos: setup
	$(BIN)/python -m tests.chaos $(ARGS)

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

bench: setup
	$(BIN)/python -m bench

# One table of figures on labelled material: ../shared/data, or another folder of the same layout.
eval: setup
	$(BIN)/python -m evaluation $(if $(DATA),--data $(DATA))

# What judges a letter: node's libraries, pinned. They need Debian's chromium, fonts-noto-core, fonts-lohit-deva and node 20.19+.
mailtools: $(JUDGES)

$(JUDGES): tools/mail/package.json tools/mail/package-lock.json
	cd tools/mail && npm ci --silent
	@touch $(JUDGES)

# Every judge on letters of ours: one table, exit 1 on a finding, screenshots in build/mailcheck. See tools/mail/README.md.
mailcheck: setup mailtools
	$(BIN)/python -m tools.mail $(if $(DATA),--data $(DATA)) $(ARGS)

# Every reader page in Chromium, both languages: axe, sideways scroll, foreign requests; screenshots in build/webcheck.
webcheck: setup mailtools
	$(BIN)/python -m tools.web $(ARGS)

# After a change of dependencies in pyproject.toml. The second lock only adds to the first: both can be installed together.
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

lock: setup
	$(COMPILE) --extra compression --extra dkim --extra postgres --extra web --build-deps-for editable \
	  --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

# What was built, never what was done: digest.db remembers who has which edition.
clean:
	rm -rf .venv tools/mail/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist preview
