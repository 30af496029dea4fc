# The commands of the README. `make test` is all that a newcomer needs.

.PHONY: build test lint fuzz bench demo real-run

build:
	CGO_ENABLED=0 go build -trimpath -o duly ./cmd/duly
	CGO_ENABLED=0 go build -trimpath -o duly-verify ./cmd/duly-verify

# Where PostgreSQL is installed, the store's contract is tested on it too.
test:
	go vet ./...
	go test -timeout 40m ./...
	go run ./cmd/duly pack test packs

lint:
	! gofmt -l . | grep .
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run ./...

FUZZTIME ?= 30s
fuzz:
	scripts/fuzz $(FUZZTIME)

bench:
	go test -run '^$$' -bench . -cpu 1 -benchtime 2s ./...

demo:
	go run ./cmd/duly demo --no-serve

real-run:
	scripts/real-run
