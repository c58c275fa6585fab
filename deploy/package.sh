#!/usr/bin/env bash
# Makes dist/minhchung_VERSION_amd64.deb and prints its name. VERSION is 0.DATE.COMMIT by default.
set -euo pipefail
cd "$(dirname "$0")/.."
export VERSION=${VERSION:-0.$(git log -1 --format=%cd --date=format:%Y%m%d.%H%M%S)}
# The program for this package alone; deploy/build.sh makes the others.
CGO_ENABLED=0 GOOS=linux GOARCH=amd64 nice go build -trimpath -ldflags="-s -w" -o dist/minhchung ./cmd/minhchung
mkdir -p dist/package
# The package's data directory is the service's.
sed 's|^#data = .*|data = "/var/lib/minhchung"|' deploy/minhchung.toml >dist/package/minhchung.toml
rm -f dist/*.deb
nice go run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2 package --config deploy/package/nfpm.yaml --packager deb --target dist/ >&2
ls dist/*.deb
