#!/usr/bin/env bash
# Stops one engine of a province after the other while the pages are served: silent (SIGSTOP), then gone. Who asks for
# what it needs hears 503 with Retry-After within two seconds; everything else goes on; when it is back the same program
# takes the same document, and check finds nothing. Then deploy/test/outage stops each engine, and a replica of PostgreSQL,
# for a minute (OUTAGE, default 60s), in provinces of their own at the same time, and lets the network be at fault.
# Arguments: the program, default dist/minhchung.
set -euo pipefail
repo=$(cd "$(dirname "$0")/../.." && pwd)
program=$(realpath "${1:-$repo/dist/minhchung}")
fail() { echo "outage.sh: $*" >&2; tail -n 20 "$work/serve.log" >&2; exit 1; }
work=$(mktemp -d); chmod 711 "$work"; server=; stopped=(); toxiproxy=
cleanup() {
  [ ${#stopped[@]} = 0 ] || kill -CONT "${stopped[@]}" 2>/dev/null || true
  [ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; } || true
  [ -z "$toxiproxy" ] || { kill "$toxiproxy" 2>/dev/null; wait "$toxiproxy" 2>/dev/null; } || true
  for province in "$work"/province "$work"/minute/*/province; do   # the latter only when the test was killed
    if [ -s "$province/pg/data/postmaster.pid" ]; then   # it may be silent
      postmaster=$(head -n 1 "$province/pg/data/postmaster.pid")
      kill -CONT "$postmaster" $(pgrep -P "$postmaster") 2>/dev/null || true
    fi
    [ ! -s "$province/standby/data/postmaster.pid" ] || kill -INT "$(head -n 1 "$province/standby/data/postmaster.pid")" || true
    [ ! -d "$province" ] || "$repo/deploy/province.sh" stop "$province" >/dev/null 2>&1 || true
  done
  rm -rf "$work"
}
trap cleanup EXIT
"$repo/deploy/province.sh" start "$work/province" >"$work/province.log" 2>&1 || { cat "$work/province.log"; exit 1; }
config=(--config "$work/province/minhchung.toml")

# A test commune with its register and one document to upload.
cd "$work"
"$program" demo --serve=false --dir office --rows 60 >/dev/null 2>&1
"$program" unit add xa-thu-nghiem --name "UBND xã Thử nghiệm" "${config[@]}" >/dev/null
mkdir none
"$program" import "${config[@]}" --unit xa-thu-nghiem --period 2022 --register "$(ls office/*.csv office/*.xlsx 2>/dev/null | head -n 1)" --files none >/dev/null
"$program" serve --listen 127.0.0.1:0 --json "${config[@]}" >address 2>serve.log & server=$!
for _ in $(seq 100); do [ -s address ] && break; sleep 0.1; done
url=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' address)
metrics=http://$(sed -n 's/^metrics = "\(.*\)"/\1/p' province/minhchung.toml)
files=(office/files/*.pdf)
next=0

# slack prints what a busy machine may add to an answer, in seconds: a tenth for each process that waits for a processor.
slack() { awk -v cores="$(nproc)" '{ s = ($1 / cores - 1) / 10; print (s < 0 ? 0 : s > 1 ? 1 : s) }' /proc/loadavg; }
# ask NAME WANT curl-arguments…: the status, Retry-After with 503, and the time.
ask() {
  local name=$1 want=$2; shift 2
  local got; got=$(curl -s -o body -D headers -w '%{http_code} %{time_total}' -m 20 "$@" || true)
  echo "  $name: $got"
  [ "${got% *}" = "$want" ] || { head -c 600 body >&2; fail "$name: got $got, want $want"; }
  [ "$want" != 503 ] || grep -qi '^retry-after:' headers || fail "$name: no Retry-After"
  awk -v t="${got#* }" -v most="${most:-20}" -v slack="$(slack)" 'BEGIN { exit !(t <= most + slack) }' || fail "$name: took ${got#* } s"
}
upload() { ask "upload of ${files[$next]##*/}" "$1" -F "file=@${files[$next]}" "${url}api/v1/documents?unit=xa-thu-nghiem&period=2022"; }
# documents counts those that the ledger has; followers may add leaves of their own meanwhile.
documents() { "$program" check --quick "${config[@]}" --lang en | sed -n 's/.*2022: sound (.* entries, \([0-9,]*\) .*/\1/p'; }

# during STATUS: what is heard while an engine is away; the register needs only PostgreSQL.
during() {
  most=2
  ask "register" "$1" "${url}units/xa-thu-nghiem/2022/register"
  upload 503
  ask "alive" 200 "${url}healthz"
  ask "ready" 503 "${url}readyz"
  ask "metrics" 200 "$metrics/metrics"
  most=20
}
after() {
  for _ in $(seq 100); do curl -sf -o /dev/null "${url}readyz" && break; sleep 0.1; done
  upload 201
  next=$((next + 1))
}

echo "all engines answer"; ask register 200 "${url}units/xa-thu-nghiem/2022/register"; after; before=$(documents); [ "$before" = 1 ] || fail "got $before documents, want 1"

s3=$(cat province/s3.pid)
echo "the S3 server is silent"; kill -STOP "$s3"; stopped=("$s3"); during 200
kill -CONT "$s3"; stopped=(); echo "it goes on"; [ "$(documents)" = "$before" ] || fail "a document that was refused is there, or one is gone"; after; before=$(documents)

postgres=($(head -n 1 province/pg/data/postmaster.pid)); postgres+=($(pgrep -P "${postgres[0]}"))
echo "PostgreSQL is silent"; kill -STOP "${postgres[@]}"; stopped=("${postgres[@]}"); during 503
kill -CONT "${postgres[@]}"; stopped=(); echo "it goes on"; [ "$(documents)" = "$before" ] || fail "a document that was refused is there, or one is gone"; after; before=$(documents)

echo "all engines are gone"; "$repo/deploy/province.sh" stop "$work/province" >/dev/null; sleep 1; during 503
"$repo/deploy/province.sh" start "$work/province" >/dev/null 2>&1; echo "they are back"; [ "$(documents)" = "$before" ] || fail "a document that was refused is there, or one is gone"; after

"$program" check "${config[@]}" --lang en
kill "$server"; wait "$server" || fail "serve did not end with code 0"
server=

length=${OUTAGE:-60s}
echo "each engine is away for $length while documents are uploaded and searched"
bin=$(cd "$repo" && go env GOBIN); bin=${bin:-$(cd "$repo" && go env GOPATH)/bin}
faults=()
if [ -x "$bin/toxiproxy-server" ]; then   # deploy/test/s3.sh builds it
  while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  "$bin/toxiproxy-server" -host 127.0.0.1 -port "$port" >toxiproxy.log 2>&1 & toxiproxy=$!
  for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/version" && break; sleep 0.1; done
  faults=(-toxiproxy "http://127.0.0.1:$port")
fi
mkdir -m 711 minute
(cd "$repo" && go test ./deploy/test/outage -count=1 -timeout 20m -parallel 8 -v -program "$program" -dir "$work/minute" -outage "$length" "${faults[@]}") >minute.log 2>&1 ||
  { grep -vE '^=== (RUN|PAUSE|CONT)' minute.log | tail -n 200; exit 1; }
grep -E '^( +[a-z_]+\.go:[0-9]+: | *--- |=== NAME)' minute.log | sed -E 's/^=== NAME +/  /; s/^ +[a-z_]+\.go:[0-9]+: /    /'
echo "every outage was survived without a restart"
