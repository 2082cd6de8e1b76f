# make reproduce   regenerate tables: a block of Table I; TABLE=1 to 5 or all; DATASET=, MODEL=, METHOD=, RATE=, SCALE=, VARIANT=,
#                  DATA_DIR=, DEVICE=, GPUS=, CORES=, PROFILE=slurm|kubernetes and PARTS= choose what and where; see README.md
# make plan        what that holds and about how long it takes here    make status   how far it is
# make tables      the committed tables from the committed rows    make keep     commit-ready copies of new rows
# make rerun       one random cell of each committed table, trained again from nothing (SEED=, ONLY=name, FOLDER=kept)
#                  with KERNELS=zen an Intel processor with AVX-512 computes these and what `reproduce` asks for as AMD's Zen 4 does
# make test        all tests and checks          make quick   the fast ones
# make lab         JupyterLab on this project    make bench   measure speed and memory
# make docs        README.md from nbs/index.ipynb, its findings from nbs/findings.md, those at length from nbs/studies/results.md, and the tables
# Each makes .venv when it is missing or settings.ini has changed.

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Many containers set it. Then every process would compile anew all that it imports, as nothing is compiled beforehand.
unexport PYTHONDONTWRITEBYTECODE

SCALE ?= smoke
ASKED = $(foreach word,TABLE DATASET MODEL METHOD RATE VARIANT SCALES TABLES FIGURES PARTS DEVICE GPUS, \
    $(if $($(word)),$(shell echo $(word) | tr A-Z a-z)="$($(word))"))
EMPTY :=
BLANK := $(EMPTY) $(EMPTY)
LOADED_FIRST = $(KERNELS:%=.venv/%.so)
AS = $(if $(KERNELS),$(if $(findstring $(BLANK),$(CURDIR)),$(error KERNELS= needs a path of the project without blanks, where libraries loaded first are listed))LD_PRELOAD="$(CURDIR)/$(LOADED_FIRST)")
RUN = $(AS) python workflow/run.py
CONFIG = --config scale=$(SCALE) $(ASKED) $(if $(DATA_DIR),data_dir="$$(python -c 'from os.path import realpath; from sys import argv; print(realpath(argv[1]))' "$(DATA_DIR)")")
WHERE = $(if $(PROFILE),--profile workflow/profiles/$(PROFILE)) $(if $(CORES),--cores $(CORES))

.PHONY: reproduce plan status tables keep rerun test kills quick checks tools browser latex lab bench docs clean
.DELETE_ON_ERROR:

reproduce: .venv/.ready $(LOADED_FIRST)
	@$(RUN) $(CONFIG) $(WHERE)

plan status: .venv/.ready $(LOADED_FIRST)
	@$(RUN) $@ $(CONFIG) $(WHERE)

tables keep: .venv/.ready
	@# As many notebooks side by side as there are cores, with one thread each; more would wait for each other.
	@OMP_NUM_THREADS=1 python workflow/tables.py $(if $(filter keep,$@),keep,make)

rerun: .venv/.ready $(LOADED_FIRST)
	@$(AS) python workflow/rerun.py $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY)) $(if $(FOLDER),--folder "$(FOLDER)")

.venv/.ready: settings.ini setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Set PYTHON=/path/to/a/newer/python.")'
	@echo "Setting up .venv: about 70 packages, some minutes the first time."
	@$(PYTHON) -m venv .venv
	@# Python compiles what it imports; to compile all 16,000 files beforehand would nearly double the time.
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -e '.[dev]'
	@$(BIN)/pip check
	@touch $@

.venv/%.so: workflow/%.c | .venv/.ready
	@$(CC) -shared -fPIC -o $@ $<

test: .venv/.ready
	@# What has to be fetched is fetched while the checks run.
	@$(MAKE) --no-print-directory $(if $(filter output-sync,$(.FEATURES)),--output-sync) --jobs 2 checks tools
	@# Each file in one process, two side by side, the long ones first.
	OMP_NUM_THREADS=1 python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "slow or not slow" --durations=8

# Twenty kills at random moments of a smoke grid, of the workflow and of kernels; `make test` makes three of a smaller one.
kills: .venv/.ready
	TEST_SCALE=smoke KILLS=20 KILL_SEED=1 python -m pytest -m slow -s tests/test_kills.py -k random_moments

quick: checks
	python -m pytest

checks: .venv/.ready
	ruff check .
	ruff format --check nbs tests workflow setup.py
	@# The library's notebooks, all cells but the calls of their tests, which pytest makes. One thread each: two notebooks that
	@# train side by side would wait for each other's threads.
	OMP_NUM_THREADS=1 python tests/notebooks.py --skip_folder_re '^(paper|benchmarks|studies|tests|[_.].*)$$' --n_workers 2

tools: browser latex

# The JupyterLab test drives a real Chromium. Where that is missing and can be installed, it is.
browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
	    [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Chromium for the JupyterLab test." && \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null; } || \
	    echo "Chromium and its driver are not installed: the JupyterLab test will be skipped."

# A test compiles every LaTeX table. Where there is no LaTeX and it can be installed (220 MB), it is.
latex: | browser
	@kpsewhich booktabs.sty >/dev/null 2>&1 || command -v tectonic >/dev/null || { \
	    [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing LaTeX for the test that compiles the tables." && \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends texlive-latex-recommended >/dev/null; } || \
	    echo "LaTeX is not installed: the test that compiles the tables will be skipped."

lab: .venv/.ready
	@# In a container one is often root, which Jupyter asks to confirm.
	jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/nbs/index.ipynb $$([ "$$(id -u)" != 0 ] || echo --allow-root)

bench: .venv/.ready
	@for notebook in nbs/benchmarks/*.ipynb; do \
	    python -m amr_coreset.runner $$notebook runs/benchmarks/$$(basename $$notebook) || exit 1; done

# Links of the index are relative to nbs/, those of the README to the project's root.
docs: .venv/.ready
	@python workflow/findings.py
	@jupyter nbconvert --log-level ERROR --to markdown --ClearOutputPreprocessor.enabled=True nbs/index.ipynb --output-dir runs/docs --output README
	@sed -E 's#\]\(\.\./#](#g; s#\]\(([0-9a-z_]+(/[0-9a-z_]+)?\.ipynb)#](nbs/\1#g' runs/docs/README.md > README.md

clean:
	rm -rf runs .snakemake
