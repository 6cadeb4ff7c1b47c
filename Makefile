# make lists the targets.
.DEFAULT_GOAL := help

BIN     := bin/caseledger
DATA    ?= ledger
ARGS    ?= --help
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STATICCHECK := go tool -modfile=.ci/tools.mod staticcheck
FUZZTIME ?= 30s

.PHONY: help build run demo test test-long check bench fuzz generate release clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/caseledger
	@mkdir -p bin
	go build -trimpath -ldflags "-X main.release=$(VERSION)" -o $(BIN) ./cmd/caseledger

run: build ## run caseledger: make run ARGS='clocks --ending-within 30d'
	$(BIN) --data $(DATA) $(ARGS)

demo: build ## build, record the sample programme in ./ledger, and show what it answers
	@if [ -d $(DATA) ] && [ ! -f $(DATA)/.demo ]; then \
		echo "make demo: $(DATA) is not a ledger that make demo made: give another one with DATA=..." >&2; exit 1; fi
	@rm -rf $(DATA)
	$(BIN) demo --data $(DATA)
	@touch $(DATA)/.demo

test: ## run all tests, with the race detector
	go test -race -timeout 20m ./...

test-long: ## run all tests, fuzz seeds and benchmarks once
	go test -race -timeout 60m -count=1 -tags long ./...
	go test -run '^$$' -bench . -benchtime 1x ./...

check: ## vet, staticcheck, formatting, and generated files
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...
	go mod verify

bench: ## run every benchmark; each number beside the bare floor of the same run
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
