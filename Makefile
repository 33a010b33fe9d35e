.DEFAULT_GOAL := help
.PHONY: help build test race bench lint fuzz cover demo docs

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## a static binary in dist/
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$$(git describe --always --dirty)" -o dist/stackhand ./cmd/stackhand

test: ## all tests that need nothing but Go
	go test ./...

race: ## the same with the race detector
	go test -race ./...

bench: ## speed and memory, a quarter of an hour; what it means: docs/benchmarks.md
	go test -run '^$$' -bench . -benchtime 3x -p 1 -timeout 30m ./...

lint: ## gofmt, go vet, staticcheck, go.mod
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	go mod tidy -diff

fuzz: ## every fuzz target for ten seconds
	.ci/fuzz 10s

cover: ## coverage of each package
	go test -cover ./...

demo: ## the bot with a simulated workspace and cloud
	go run ./cmd/stackhand demo
