# `make run` and `make test` install what is missing; the rest expects scripts/setup to have run.
BUILD := build
JOBS ?= $(shell nproc)

.PHONY: run build test bench simulate format lint clean setup

setup:
	@scripts/setup

build: setup
	@test -f $(BUILD)/build.ninja || cmake --preset release
	@cmake --build $(BUILD) -j $(JOBS) --target escapement
	@runtimes/node/install

run: build
	@scripts/run

test:
	@scripts/setup test
	@test -f $(BUILD)/build.ninja || cmake --preset release
	@cmake --build $(BUILD) -j $(JOBS)
	@runtimes/node/install
	@tests/run

bench: build
	@bench/run

# SIMULATE_SECONDS=600 make simulate: ten minutes of seeds; SEED=n starts at one.
simulate: build
	@cmake --build $(BUILD) -j $(JOBS) --target simulate
	@$(BUILD)/tests/simulate --seconds $${SIMULATE_SECONDS:-60} --seed $${SEED:-1}

format:
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

lint: build
	@git ls-files 'src/*.cc' 'apps/*.cc' | grep -vE '_(test|bench|fuzz)\.cc$$' | xargs -P $(JOBS) -n 4 clang-tidy-19 -p $(BUILD) --quiet --extra-arg=-Wno-unknown-warning-option

clean:
	@rm -rf $(BUILD)
