# Every target builds what it needs, from a machine that has Python >= 3.11 only.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install -qq -c constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: demo test slow doctest lint docs package evidence examples clean
.NOTPARALLEL:

demo: .venv/has-kansym
	$(BIN)/kansym demo

# One thread per worker: two workers with two threads each are slower than with one.
test: .venv/has-test
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile -m "not slow and not gpu and not pysr"

slow: .venv/has-test
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile -m "slow and not gpu and not pysr"

doctest: .venv/has-test
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --doctest-modules kansym

lint: .venv/has-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

docs: .venv/has-dev
	OMP_NUM_THREADS=1 $(BIN)/sphinx-build -W -n --keep-going -b html docs docs/_build/html

# The archives for the index: built, checked, and the wheel run without the sources beside it.
package: .venv/has-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest tests/test_packaging.py

# About eighteen hours of one core; stopped, it goes on where it was. QUICK=1 does sixteen problems
# without noise, in twenty minutes on two cores.
evidence: .venv/has-dev
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/evidence.py $(if $(QUICK),--steps 1)
	$(MAKE) docs

examples: .venv/has-test
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 tests/test_examples.py

clean:
	rm -rf build dist docs/_build docs/gallery kansym-demo .coverage* .hypothesis \
	    .import_linter_cache .pytest_cache .ruff_cache
	find kansym tests examples benchmarks docs -name __pycache__ -prune -exec rm -rf {} +

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit("kansym needs Python 3.11 or newer, this is " \
	    + sys.version.split()[0] + ": run make PYTHON=python3.12, say.") \
	    if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/has-kansym: .venv/made pyproject.toml constraints.txt
	@echo "Installing kansym into .venv (a few minutes the first time)"
	$(INSTALL) -e .
	@touch $@

.venv/has-%: .venv/made pyproject.toml constraints.txt
	@echo "Installing kansym[$*] into .venv (a few minutes the first time)"
	$(INSTALL) -e '.[$*]'
	@touch $@
