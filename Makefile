# The commands people use; each sets up what it needs and is safe to repeat. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BUILD := build
.NOTPARALLEL:                                    # what is set up first is found by what is configured next

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup: ## packages and .venv with libtorch
	@scripts/setup.sh build

configure: setup
	@[ -f $(BUILD)/build.ninja ] || cmake --preset release >/dev/null

program: configure
	@cmake --build $(BUILD) --target tomograd

build: program ## build/tomograd, and the page where Node is
	@scripts/page.sh || echo "page: left out (see above); the program is built" >&2

build-tests: configure
	@cmake --build $(BUILD)

demo: build ## the main job on a phantom cohort, or on your own scans with DATA=dir [MINUTES=10]
	@scripts/demo.sh "$(DATA)" "$(MINUTES)"

setup-test:
	@scripts/setup.sh test

setup-peers: ## .venv-peers, whose figures `make bench` puts beside ours
	@scripts/setup.sh peers

test: setup-test build-tests ## all tests that need no further program
	@scripts/test.sh all

test-fast: setup-test build-tests ## the edit loop, under two minutes
	@scripts/test.sh fast

setup-all:
	@scripts/setup.sh all

test-all: setup-all build-tests ## every test, the page's too; fetches what further programs they need (SLURM, Node, Chromium) and skips nothing of it
	@TOMOGRAD_NO_SKIP=1 scripts/test.sh all
	@TOMOGRAD_NO_SKIP=1 scripts/test_web.sh

test-slurm: setup-all build-tests ## arrays on a real, private SLURM, their elements killed in the middle
	@TOMOGRAD_NO_SKIP=1 scripts/test_slurm.sh $(BUILD)

asan: setup ## torch-free rooms under address and undefined-behaviour sanitizers
	@cmake --preset asan >/dev/null && cmake --build build-asan && ctest --test-dir build-asan --output-on-failure -LE slow

tsan: setup ## torch-free rooms under the thread sanitizer
	@cmake --preset tsan >/dev/null && cmake --build build-tsan && ctest --test-dir build-tsan --output-on-failure -L 'base|sampling|experiments'

fuzz: setup ## hostile inputs for every reader, SECONDS=60 each [NAME=nifti]; libFuzzer where clang is installed
	@scripts/fuzz.sh "$(or $(SECONDS),60)" "$(NAME)"

test-faults: setup-all configure ## kill -9 at random moments, KILLS=100 times on every store: the same bytes and tables must come out
	@cmake --build $(BUILD) --target tomograd tomograd_server_tests
	@scripts/test_faults.sh "$(or $(KILLS),100)"

bench: program ## figures beside the peers'; NAME=peak|sampling|predict|train|msd|bayes|crop|slab|cells|slices|ranks|restore|precision-dice|msd-cuda|brats-loo|phantom picks one
	@scripts/bench.sh "$(NAME)"

page: ## the page that `tomograd serve` shows, into share/page (needs Node 20.19)
	@scripts/page.sh

test-web: program ## the page in a real browser, and its parts alone; without Node or Chromium it says so and skips
	@scripts/test_web.sh

docs: program ## docs/settings.md from the fields of the specs, docs/openapi.json from the routes
	@scripts/docs.sh

install: build ## PREFIX=dir
	@[ -n "$(PREFIX)" ] || { echo "make install needs PREFIX=dir"; exit 2; }
	@cmake --build $(BUILD) --target tomograd_base tomograd_kernels tomograd_volume
	@cmake --install $(BUILD) --prefix $(PREFIX) >/dev/null && echo "installed to $(PREFIX)"

uninstall: ## removes what make install put there
	@xargs -r rm -f < $(BUILD)/install_manifest.txt && echo "removed"

.PHONY: page test-web help setup configure program build build-tests demo setup-test setup-all setup-peers test test-fast test-all test-slurm test-faults asan tsan fuzz bench docs install uninstall
