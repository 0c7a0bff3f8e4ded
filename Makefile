# Everything that a build needs lies in build/; nothing is installed outside of it but the
# browser that `make setup` installs for the tests where root runs it and there is none.
# Wanted: Go 1.26, git, make, bash; for the tests also apt-get (a Debian), from whose package
# mirror bitcoind and litecoind are unpacked into build/tools, and npm, which fetches anvil.
# btcd is built there.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

TOOLS := $(CURDIR)/build/tools
GOLANGCI_VERSION := v2.15.0
GOLANGCI := $(TOOLS)/golangci-lint
BITCOIND := $(TOOLS)/bitcoind/bitcoind
LITECOIND := $(TOOLS)/litecoind/litecoind
BTCD_VERSION := v0.26.2
BTCD     := $(TOOLS)/btcd
ANVIL_VERSION := 1.7.1
OAPI_CODEGEN_VERSION := v2.5.0
ANVIL    := $(TOOLS)/anvil
NODES    := $(BITCOIND) $(LITECOIND) $(BTCD) $(ANVIL)
SUMMARY  := $(TOOLS)/testsummary

# How many rounds `make torture` has; how long `make fuzz` tries each target, and `make fuzz-api` the API.
N        ?= 20
FUZZTIME ?= 10s
FUZZAPITIME ?= 5m
# How long `make load` lasts, beside half a minute to prepare it.
MINUTES  ?= 0.3
# Chains that `make bench` measures, in millions of transactions; 30 takes 35 GB for a while.
SIZES    ?= 0.3,3
# allow or fail: whether a skipped test fails `make test`. On a CI it does.
SKIPS    ?= $(if $(CI),fail,allow)

# The tests that start a browser.
BROWSER  := ^(TestReportInABrowser|TestReportViews|TestReportDrag|TestReportAsksNobody|TestHostileReport|TestReplicaInABrowser)$$

# The contracts of the replica, compiled by the compiler that replica/package-lock.json pins.
CONTRACTS := $(CURDIR)/build/replica/contracts.json

export CGO_ENABLED := 0
export CLEW_BITCOIND := $(BITCOIND)
export CLEW_LITECOIND := $(LITECOIND)
export CLEW_BTCD := $(BTCD)
export CLEW_ANVIL := $(ANVIL)
export CLEW_REPLICA_CONTRACTS := $(CONTRACTS)
# A Chromium elsewhere than on the path.
export CLEW_CHROMIUM ?=

.PHONY: help setup build test test-browser torture week nightly lint fuzz fuzz-api bench load replica score labels docs client clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

setup: $(NODES) $(GOLANGCI) ## install the nodes and the linter into build/tools, and a browser if there is none
	scripts/get-chromium.sh

$(BITCOIND) $(LITECOIND): scripts/get-node.sh
	scripts/get-node.sh $(@F) $(@D)
	touch $@

$(BTCD):
	mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) GOFLAGS=-mod=mod go install github.com/btcsuite/btcd@$(BTCD_VERSION)

$(ANVIL): scripts/get-anvil.sh
	scripts/get-anvil.sh $(ANVIL_VERSION) $@
	touch $@

$(GOLANGCI):
	mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) GOFLAGS=-mod=mod go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

$(SUMMARY): scripts/testsummary/main.go
	go build -o $@ ./scripts/testsummary

$(CONTRACTS): $(wildcard replica/contracts/*.sol) replica/compile.js replica/package-lock.json
	mkdir -p $(@D)
	cp replica/package.json replica/package-lock.json $(@D)
	npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error
	NODE_PATH=$(@D)/node_modules node replica/compile.js $@

build: ## the program, as one static binary: build/clew
	go build -trimpath -buildvcs=auto -o build/clew ./cmd/clew

test: $(NODES) $(SUMMARY) $(CONTRACTS) ## every test but those of test-browser, against real nodes (SKIPS=fail: a skip fails)
	go vet ./...
	go test -json -count=1 -timeout 10m -skip '$(BROWSER)' ./... 2>&1 | $(SUMMARY) -skips=$(SKIPS) -save build/test.figures

test-browser: $(SUMMARY) ## what needs a Chromium alone: the report as a person uses it
	go test -json -count=1 -timeout 10m -run '$(BROWSER)' ./exhibit 2>&1 | $(SUMMARY) -skips=$(SKIPS) -save build/test-browser.figures

torture: $(NODES) $(SUMMARY) ## kills, full disks, reorganisations and broken answers in mid-sync, N rounds (N=20)
	CLEW_TORTURE_N=$(N) go test -json -count=1 -timeout 40m -run '^TestTorture' ./ingest/... 2>&1 | $(SUMMARY) -skips=$(SKIPS) -save build/torture.figures

week: $(SUMMARY) ## 1,000 blocks of 3,000 transactions: read, killed, reorganised, traced
	CLEW_WEEK_BLOCKS=1000 CLEW_WEEK_TXS=3000 go test -json -count=1 -timeout 60m -run '^TestWeek$$' ./ingest 2>&1 | $(SUMMARY) -skips=$(SKIPS) -save build/week.figures

nightly: ## what takes too long for every change: torture N=200, the week, a minute for each fuzz target
	$(MAKE) torture N=200
	$(MAKE) week
	$(MAKE) fuzz FUZZTIME=1m
	$(MAKE) fuzz-api

lint: $(GOLANGCI) $(SUMMARY) ## the linter, after a check that it refuses what it should
	CLEW_TEST_GOLANGCI=$(GOLANGCI) go test -json -count=1 -tags lint ./scripts/lintcheck 2>&1 | $(SUMMARY) -skips=fail -save build/lint.figures
	$(GOLANGCI) run ./...

fuzz: ## every fuzz target for a short time each (FUZZTIME=10s)
	scripts/fuzz.sh $(FUZZTIME)

fuzz-api: ## requests made from the API's own document, and bent, against a server, for a while (FUZZAPITIME=5m)
	CLEW_FUZZ_API=$(FUZZAPITIME) go test -count=1 -timeout 24h -run '^TestHostileRequests$$' -v ./server

bench: ## measure speed and memory beside their limits, into docs/performance.md (SIZES=0.3,3)
	mkdir -p build
	go run ./bench -sizes $(SIZES) > build/performance.md
	mv build/performance.md docs/performance.md

load: build ## clew serve under a mixed load while it follows a node, for MINUTES (0.3): errors, lost jobs, leaks
	go run ./bench -job load -clew build/clew -txs 60000 -block-txs 300 -block-every 2s -minutes $(MINUTES)

replica: $(ANVIL) $(CONTRACTS) ## play the worked example on two anvils and write its incident, truth and recording
	go run ./replica -clew ./cmd/clew -out testdata/demo/atlanta-replica

score: ## measure conclusions against known truth, into docs/methods.md and heuristics/scores.json (SHARED=folder, SLOW=1)
	go run ./bench/score -shared "$(SHARED)" $(if $(SLOW),-slow) -write docs/methods.md -scores heuristics/scores.json

labels: ## write the labels that the program carries again, from SHARED/labels (SHARED=folder)
	go test ./labels -count=1 -run '^TestBuiltIn$$' -args -shared "$(SHARED)" -update
	go test ./labels -count=1 -run '^TestBuiltIn$$' -args -shared "$(SHARED)"

docs: ## write the reference in docs/cli.md and what README.md shows again
	go test ./cmd/clew -count=1 -run '^(TestReference|TestReadme|TestReadmeFigures)$$' -update

client: ## write the API's document and the Go client that is generated from it again
	go test ./server -run '^TestDocument$$' -update
	go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@$(OAPI_CODEGEN_VERSION) -config server/client/config.yaml server/client/openapi-3.0.json

clean: ## remove build/
	rm -rf build
