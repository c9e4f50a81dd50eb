# All that is needed is Go; the tools that check the code are fetched by go run, pinned by version.
GO          ?= go
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 30s
SOAKTIME    ?= 60s
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The race detector needs a C compiler on most systems. Without one the tests run without it, and say so; in CI (the
# variable CI is set) that is an error.
RACE := $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC | cut -d' ' -f1)" >/dev/null && echo -race)

.PHONY: help run test check race unit readme examples bench bench-check soak fuzz

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## replay one week of earthquakes through topics (ARGS="-speed 3600 -file feed.geojson")
	@$(GO) run ./examples/quakes $(ARGS)

test: check race unit bench-check ## all that CI checks: format, vet, staticcheck, tests with -race, examples, README

check: ## format, vet, staticcheck, and whether go.mod is tidy
	@gofmt="$$($(GO) env GOROOT)/bin/gofmt"; [ -x "$$gofmt" ] || gofmt=gofmt; \
	bad="$$("$$gofmt" -l .)"; if [ -n "$$bad" ]; then printf 'not formatted (gofmt -w them):\n%s\n' "$$bad"; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

race:
	@if [ -z "$(RACE)" ]; then \
		echo 'make: no C compiler (or CGO_ENABLED=0): the race detector cannot run, the tests go without it' >&2; \
		[ -z "$${CI:-}" ]; fi

unit: ## all tests of the library, with -race; the examples and the README are among them
	$(GO) test $(RACE) -count=1 -timeout 5m ./...

examples: ## run every example and compare its output
	$(GO) test -count=1 ./examples/...

readme: ## compile the README's programs, run them and compare their output
	$(GO) test -count=1 -run README ./examples

bench: ## measure against channels and the bare engine, and print the table with the goals
	cd bench && $(GO) run .

bench-check: ## vet, build and test the bench module, with 5 s of the soak
	cd bench && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./... && $(GO) build -o /dev/null ./... && $(GO) test -count=1 -timeout 5m ./... && $(GO) run $(RACE) ./soak -for 5s

soak: ## 60 s of random subscribes, stops, panics and closes, with an oracle (SOAKTIME=10m)
	cd bench && $(GO) run $(RACE) ./soak -for $(SOAKTIME)

fuzz: ## every fuzz target for FUZZTIME (30s)
	@for pkg in $$($(GO) list ./...); do \
		found="$$($(GO) test -list '^Fuzz' $$pkg)" || { echo "$$found"; exit 1; }; \
		for target in $$(grep '^Fuzz' <<<"$$found" || true); do \
			echo "== $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done
