# make lists the targets.
.DEFAULT_GOAL := help

BIN     := bin/caseledger
DATA    ?= ledger
ARGS    ?= --help
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LINT    := go tool -modfile=.ci/tools.mod golangci-lint
FUZZTIME ?= 30s

.PHONY: help build run demo systems test test-long torture check bench bench-go fuzz generate release clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/caseledger
	@mkdir -p bin
	go build -trimpath -ldflags "-X main.release=$(VERSION)" -o $(BIN) ./cmd/caseledger

run: build ## run caseledger: make run ARGS='clocks --ending-within 30d'
	$(BIN) --data $(DATA) $(ARGS)

# What make demo made it may make again; the marker stands outside the ledger.
DEMO := bin/.demo-$(subst /,_,$(DATA))

demo: build ## build, record the sample programme in ./ledger, and show what it answers
	@if [ -e $(DATA) ] && [ ! -e $(DEMO) ]; then \
		echo "make demo: $(DATA) exists and was not made by make demo: choose another place with DATA=..." >&2; exit 1; fi
	@rm -rf $(DATA) && touch $(DEMO)
	$(BIN) demo --data $(DATA)

systems: ## the systems of the rulebook, each with its commands, its facts in the sample and a line of its report
	@[ -e $(DATA) ] || $(MAKE) --no-print-directory demo >/dev/null
	@$(MAKE) --no-print-directory build >/dev/null && $(BIN) systems --data $(DATA)

# The scripts run the whole program, some of them for a whole sample programme: under the
# race detector only those in which several of its processes or writers meet.
test: ## run all tests, with the race detector
	go test -race -timeout 20m $$(go list ./... | grep -v '/cmd/caseledger$$')
	go test -timeout 20m ./cmd/caseledger
	go test -race -timeout 20m -run 'Scripts/(serve|locked|looks|keys|invoice|backup)$$' ./cmd/caseledger

test-long: ## run all tests with many more random histories, fuzz seeds, and benchmarks once
	CASELEDGER_LONG=1 go test -race -timeout 60m -count=1 -tags long ./...
	go test -run '^$$' -bench . -benchtime 1x ./...

# make torture ARGS='--only nodes --seed 7' runs one of them, or repeats it.
torture: build ## kill, cut off, damage and fill ledgers, and print what they lost (root for two of five)
	$(BIN) torture $(if $(filter --help,$(ARGS)),,$(ARGS))

check: ## formatting, vet, golangci-lint (built on first use), module checksums
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	go vet ./...
	$(LINT) run ./...
	go mod verify

EVENTS ?= 1000000

bench: build ## measure the whole program at EVENTS events, each number beside the bare floor of the same run
	$(BIN) bench --events $(EVENTS)
	go test -run '^$$' -benchtime 1x -bench Invoices ./cmd/caseledger/internal/app
	go test -run '^$$' -benchtime 1x -bench TraceAll ./cmd/caseledger/internal/sample
	go test -run '^$$' -benchtime 3x -bench Simulate ./replay/simulate

bench-go: ## run the benchmarks of every package
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## fuzz every parser for FUZZTIME each (default 30s)
	@set -e; for pkg in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

generate: ## write golden files and scripts' expectations again
	UPDATE_SCRIPTS=1 go test -count=1 ./cmd/caseledger -run TestScripts
	go generate ./...

release: ## build for every platform into dist/, with man pages and completions
	@rm -rf dist && mkdir -p dist
	@set -e; for target in linux/amd64 linux/arm64 darwin/arm64; do \
		GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=$(VERSION)" \
			-o dist/caseledger-$(VERSION)-$$(echo $$target | tr / -) ./cmd/caseledger; \
	done
	go run ./cmd/caseledger docs dist/man
	@for shell in bash zsh fish; do go run ./cmd/caseledger completion $$shell > dist/caseledger.$$shell; done
	cd dist && sha256sum caseledger-* > SHA256SUMS

clean: ## remove what make built
	rm -rf bin dist
