# Everything that a developer runs. `make demo` and `make test` need nothing before them but Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
JUDGES := tools/mail/node_modules/.ready

.PHONY: setup demo test chaos lint types fmt bench eval mailtools mailcheck webcheck lock clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

# The whole job on the samples: no account, no server, no key.
demo: setup
	@$(BIN)/digest --home . demo

test: setup
	$(BIN)/python -m pytest -n auto $(ARGS)

# 200 seeded schedules of faults and kills, and kill -9 at twenty moments of a send of 20,000 readers, against a SendGrid of
# our own whose log is the judge. Some twenty minutes; ARGS="--schedules 20 --moments 4" for fewer.
chaos: setup
	$(BIN)/python -m tests.chaos $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

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

# After a change of pyproject.toml's dependencies (needs pip-tools in .venv).
lock:
	$(BIN)/pip-compile --quiet --extra dev --extra postgres --extra web --generate-hashes --strip-extras --allow-unsafe \
	  --no-emit-index-url --no-emit-trusted-host --no-header --output-file requirements.lock pyproject.toml

# What was built, never what was done: digest.db remembers who has which edition.
clean:
	rm -rf .venv tools/mail/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist preview
