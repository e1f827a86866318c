# Thin on purpose: each target is one command with readable options. `make help` lists them.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
BASE := $(VENV)/.base
LUTSCALE := $(PY) -m lutscale
FAST := $(VENV)/.fast
DEV := $(VENV)/.dev
TRAIN := $(VENV)/.train
FPGA := $(VENV)/.fpga
DOCS := $(VENV)/.docs
PLOTS := $(VENV)/.plots

# A name of the zoo (`lutscale zoo`) or a file.
PROGRAM ?= $(if $(BOARD),lutscale-tiny-x4,iqlut-hd-x4)
IMAGE ?= astronaut
CROP ?= -1
# Of the build; the commands know the defaults.
CLOCKS_PER_PIXEL ?=
PIXELS_PER_BEAT ?=
MAX_WIDTH ?=
MAX_HEIGHT ?=
PATIENCE ?=
TARGET ?=
SIM ?= verilator
STALLS ?=
WAVES ?=
SET ?=
OUT ?=
BUILD_NAME ?=
SYSTEM ?= iqlut-s-x4
STEPS ?= 30000
SEEDS ?=
CLOCK ?=
# A native nextpnr-ecp5, for fpga.
NEXTPNR ?=
# Of sim and fpga: a whole design for a board, such as ulx3s.
BOARD ?=
# Of explore: the answer for one NEED only, within BUDGET bytes; DESIGNS in all. SCHEDULER of fpga, too.
NEED ?=
BUDGET ?=
DESIGNS ?=
SPACE ?=
SCHEDULER ?=

BUILD = $(if $(CLOCKS_PER_PIXEL),--clocks-per-pixel $(CLOCKS_PER_PIXEL)) \
	$(if $(PIXELS_PER_BEAT),--pixels-per-beat $(PIXELS_PER_BEAT)) \
	$(if $(MAX_WIDTH),--max-width $(MAX_WIDTH)) $(if $(MAX_HEIGHT),--max-height $(MAX_HEIGHT)) \
	$(if $(PATIENCE),--patience $(PATIENCE)) $(if $(TARGET),--target $(TARGET))
TO = $(if $(OUT),--out "$(OUT)")
NAMED = $(if $(BUILD_NAME),--name "$(BUILD_NAME)")

export PYTHONHASHSEED := 0

.PHONY: help sim rom-export verilog fpga explore report page benchmark train docs test test-quick lint bench clean setup

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
	@echo
	@echo "variables: PROGRAM IMAGE CROP CLOCKS_PER_PIXEL PIXELS_PER_BEAT MAX_WIDTH MAX_HEIGHT PATIENCE TARGET"
	@echo "           SIM=verilator|icarus STALLS=1 WAVES=1 OUT BUILD_NAME; fpga: SEEDS CLOCK NEXTPNR BOARD=ulx3s; benchmark: SET; train: SYSTEM STEPS LUTSCALE_DATA"
	@echo "           explore: NEED BUDGET DESIGNS SPACE SCHEDULER CLOCK"

sim: $(BASE) ## upscale a photograph in simulated hardware, compare every pixel
	$(LUTSCALE) sim "$(PROGRAM)" --crop $(CROP) $(BUILD) $(if $(BOARD),--board $(BOARD),--image "$(IMAGE)" --sim $(SIM)) $(if $(filter-out 0,$(STALLS)),--stalls) $(if $(filter-out 0,$(WAVES)),--waves) $(TO)

rom-export: $(BASE) ## every ROM as readmemh, coe, mif, mem, mi, into build/roms
	$(LUTSCALE) export-roms "$(PROGRAM)" $(BUILD) $(NAMED) $(TO)

verilog: $(BASE) ## the hand-off Verilog and its ROM files, into build/verilog
	$(LUTSCALE) verilog "$(PROGRAM)" $(BUILD) $(NAMED) $(TO)

fpga: $(FPGA) ## synthesise, place and route PROGRAM for TARGET, into build/fpga
	$(LUTSCALE) fpga "$(PROGRAM)" $(BUILD) $(if $(BOARD),--board $(BOARD)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(CLOCK),--clock $(CLOCK)) $(if $(NEXTPNR),--nextpnr "$(NEXTPNR)") $(if $(SCHEDULER),--scheduler $(SCHEDULER)) $(NAMED) $(TO)

explore: $(PLOTS) ## sweep designs for TARGET: what fits, what it costs, what to train, into build/explore
	$(LUTSCALE) explore $(if $(NEED),--need $(NEED)) $(if $(TARGET),--target $(TARGET)) $(if $(BUDGET),--budget $(BUDGET)) $(if $(CLOCK),--clock $(CLOCK)) $(if $(DESIGNS),--designs $(DESIGNS)) $(if $(SPACE),--space "$(SPACE)") $(if $(SCHEDULER),--scheduler $(SCHEDULER)) $(TO)

report: $(PLOTS) ## the memory report of PROGRAM, into build/reports
	$(LUTSCALE) report "$(PROGRAM)" $(BUILD) $(TO)

page: $(BASE) ## one page of PROGRAM: pictures, memory, area, timing, trust, into build/page
	$(LUTSCALE) page "$(PROGRAM)" --run $(BUILD) $(TO)

# A PROGRAM that was named is the one to measure; otherwise all of them are.
benchmark: $(FAST) $(PLOTS) ## PSNR, SSIM and bytes of all programs (or PROGRAM) on LUTSCALE_DATA's test sets
	$(LUTSCALE) benchmark $(if $(filter file,$(origin PROGRAM)),,"$(PROGRAM)") $(BUILD) $(foreach name,$(SET),--set $(name)) $(TO)

train: $(TRAIN) ## train SYSTEM on the photographs in LUTSCALE_DATA
	$(LUTSCALE) train $(SYSTEM) --steps $(STEPS) --resume $(TO)

docs: $(DOCS) ## the documents as a website, into build/docs
	$(PY) -m docs.site.build $(TO)

# A worker that crashes ends the run: after a replacement, pytest-xdist can wait for ever.
PYTEST = $(PY) -m pytest -n 2 --dist worksteal --max-worker-restart 0

test: $(DEV) $(TRAIN) ## all tests
	$(PYTEST)

test-quick: $(DEV) $(TRAIN) ## the tests that take less than a second each
	$(PYTEST) -m "not slow"

lint: $(DEV) $(TRAIN) ## lint, format and type checks
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(DEV) $(TRAIN) ## speed of simulation, golden and training, as ratios
	$(PY) -m benchmarks.simulation "$(PROGRAM)"
	$(PY) -m benchmarks.golden "$(PROGRAM)"
	$(PY) -m benchmarks.training $(SYSTEM) --compile

clean: ## everything generated, but not .venv
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis

setup: $(BASE) ## only set up .venv

# Each stamp is made once; without a network an existing one is simply kept.
$(BASE): pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable . || test -f $@
	touch $@

$(FAST): $(BASE)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[fast]" || test -f $@
	touch $@

$(FPGA): $(BASE)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[fpga]" || test -f $@
	touch $@

$(PLOTS): $(BASE)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[plots]" || test -f $@
	touch $@

$(DOCS): $(BASE)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[docs]" || test -f $@
	touch $@

$(DEV): $(BASE)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[dev]" || test -f $@
	touch $@

$(TRAIN): $(BASE)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[train]" || test -f $@
	touch $@
