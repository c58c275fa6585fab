#!/usr/bin/env bash
# Makes dist/minhchung (Linux) and dist/minhchung.exe (Windows), both for amd64, without cgo.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p dist
for os in linux windows; do
  suffix=; [ "$os" = windows ] && suffix=.exe
  CGO_ENABLED=0 GOOS=$os GOARCH=amd64 go build -trimpath -ldflags='-s -w' -o "dist/minhchung$suffix" ./cmd/minhchung
  echo "dist/minhchung$suffix"
done
