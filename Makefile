# Two verbs for newcomers (run, test), and what they are made of.
# Every verb does its own set-up and says what it does.

SWIFT ?= swift
USERS ?= 1000
ROUNDS ?= 50

.PHONY: run test check lint bench bench-broker bench-store crash crash-broker crash-store faults setup setup-test help

help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: setup ## set-up, release build, the whole pipeline once on embedded engines
	$(SWIFT) build -c release --product millrace
	.build/release/millrace run --users $(USERS)

test: setup-test check ## set-up, then everything that check does

check: lint ## build with the import check, lint, Swift tests, real clients, a short crash test
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error
	scripts/swift-tests
	scripts/compatibility-tests
	scripts/crash-test --rounds 5 --binary .build/debug/millrace

lint: ## the formatter's own strict check
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Benchmarks

bench: setup-test ## figures, as ratios to a peer measured in the same run (release build)
	$(SWIFT) build -c release --product millrace
	Benchmarks/run

bench-broker: setup-test ## the broker's figures, beside the disk and the loopback (release build; FLAGS=--quick)
	$(SWIFT) build -c release
	Benchmarks/run broker $(FLAGS)

bench-store: setup-test ## the CQL store's figures, beside a Python driver (release build; FLAGS=--quick)
	$(SWIFT) build -c release
	Benchmarks/run store $(FLAGS)

crash: setup-test ## kill -9 at random moments of a run, then resume (ROUNDS=50)
	$(SWIFT) build --product millrace
	scripts/crash-test --rounds $(ROUNDS) --binary .build/debug/millrace

crash-broker: setup-test ## kill -9 of the broker under idempotent and transactional producers (ROUNDS=50)
	$(SWIFT) build --product millrace
	scripts/crash-broker --rounds $(ROUNDS) --binary .build/debug/millrace

crash-store: setup-test ## kill -9 of the CQL store under writers of all kinds (ROUNDS=50)
	$(SWIFT) build --product millrace
	scripts/crash-store --rounds $(ROUNDS) --binary .build/debug/millrace

faults: setup-test ## every fault program of scripts/broker-faults, short (docs/kafka.md tells their sizes)
	$(SWIFT) build --product millrace
	scripts/compatibility-tests -k "test_broker_faults or (test_groups and test_fault)"

setup: ## the system libraries the binary links
	scripts/setup

setup-test: ## the same, and what the tests drive: real clients, PostgreSQL, a browser
	scripts/setup --tests
