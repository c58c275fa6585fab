#!/usr/bin/env bash
# Runs the S3 driver's tests on a real server (versitygw), and all three drivers' behind a faulty network (toxiproxy): S3, PostgreSQL, and Meilisearch's
# double. Servers are built once with the go command and stopped at the end. Arguments go to `go test`.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$(go env GOBIN); bin=${bin:-$(go env GOPATH)/bin}
work=$(mktemp -d); pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; wait; rm -rf "$work"' EXIT

[ -x "$bin/versitygw" ] || nice go install github.com/versity/versitygw/cmd/versitygw@v1.8.0   # about 3 CPU minutes
if [ ! -x "$bin/toxiproxy-server" ]; then
  GOBIN=$work/bin nice go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0
  mkdir -p "$bin" && mv "$work/bin/server" "$bin/toxiproxy-server"
fi

# free prints a port that nobody listens on, below those of outgoing connections.
free() { while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done; echo "$port"; }
# up URL waits until something answers there.
up() { for _ in $(seq 100); do curl -s -o /dev/null "$1" && return; sleep 0.1; done; echo "nothing answers at $1"; exit 1; }

S3_URL=http://127.0.0.1:$(free) S3_KEY=thu S3_SECRET=$(head -c 24 /dev/urandom | base64)
TOXIPROXY_URL=http://127.0.0.1:$(free)
export S3_URL S3_KEY S3_SECRET TOXIPROXY_URL
mkdir "$work/data" "$work/versions"
ROOT_ACCESS_KEY=$S3_KEY ROOT_SECRET_KEY=$S3_SECRET "$bin/versitygw" --port "${S3_URL#http://}" --health /healthz --quiet --keep-alive \
  posix --versioning-dir "$work/versions" "$work/data" >"$work/s3.log" 2>&1 & pids+=($!)
"$bin/toxiproxy-server" -host 127.0.0.1 -port "${TOXIPROXY_URL##*:}" >"$work/toxiproxy.log" 2>&1 & pids+=($!)
up "$S3_URL/healthz"; up "$TOXIPROXY_URL/version"

go test -count=1 "$@" ./evidence/object/s3/
go test -count=1 "$@" -run '^TestToxic$' ./evidence/postgres/ ./search/meili/
