# The daily commands. `make up` shows the product; `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help bootstrap up down test test-fast load chaos lint bench

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

bootstrap: ## virtual environment, locked dependencies and the Pulumi engine
	@scripts/bootstrap

# What was given to make itself: a shell may have a PORT of its own for something else.
given = $(if $(filter command,$(firstword $(origin $(1)))),'$(1)=$($(1))')

up: bootstrap ## bring up the stack `local` on the emulator; SIZE=5 changes the size, PORT=8123 the port
	@scripts/up $(call given,SIZE) $(call given,PORT)

down: bootstrap ## take the stack `local` down and stop the emulator
	@scripts/down

test-fast: bootstrap ## the tests that need no engine, in about two minutes
	@scripts/test-fast $(ARGS)

test: bootstrap ## the whole test suite
	@scripts/test-tools
	@scripts/test $(ARGS)

load: bootstrap ## the tests of real load; on a machine that does nothing else
	@scripts/test-tools
	@scripts/load $(ARGS)

chaos: bootstrap ## every crash point and every lie; ARGS="--sample 30 --seed 2" takes 30 % of them
	@scripts/chaos $(ARGS)

lint: bootstrap ## ruff, mypy, import contracts, shellcheck, go vet
	@scripts/lint

bench: bootstrap ## measure, and write benchmarks/RESULTS.md
	@scripts/bench $(ARGS)
