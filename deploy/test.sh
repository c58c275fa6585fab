#!/usr/bin/env bash
# Installs what the tests need on Debian if it is missing, and passes them all.
# Settings: MINHCHUNG_CORPUS, MINHCHUNG_SEED (folders read in place; without them those tests are skipped and
# counted), MINHCHUNG_AXE (axe.min.js; default: the npm package axe-core, installed into a temporary folder), FUZZTIME (per fuzz
# target, default 5s).
set -euo pipefail
cd "$(dirname "$0")/.."
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

step() { printf '\n== %s\n' "$*"; }

# failures prints what failed, with what its test said: the log of a whole run is too long to read.
failures() {
  grep -nE '^(FAIL|panic:)|WARNING: DATA RACE' "$log" | tail -n 40 || true
  grep -E -B25 '^\s*--- FAIL' "$log" | grep -vE '^\s*(=== |--- PASS)' | cut -c1-400 | tail -n 200 || true
}

# fuzz FOLDER TARGET runs one target of the package in a folder, compiled as $work/fuzzer. The fuzzing engine sometimes
# reports its own deadline as a failure ("context deadline exceeded" without a failing input): only that is worth a second
# try, so a failing input exits here. It gives way to the engines, whose answers have to come within seconds.
fuzz() {
  (cd "$1" && nice -n 19 "$work/fuzzer" -test.run '^$' -test.fuzz "^$2\$" -test.fuzztime "$FUZZTIME" -test.fuzzminimizetime 10x \
    -test.parallel 2 -test.fuzzcachedir "$fuzzcache/minhchung/$1") >"$log" 2>&1 && return
  if grep -q 'Failing input' "$log" || ! grep -q 'context deadline exceeded' "$log"; then cat "$log"; exit 1; fi
  return 1
}

# engines_away tries the engines of a province: S3 behind a faulty network, which builds the servers, then outages.
engines_away() {
  "${static[@]}" deploy/test/s3.sh -v >"$work/s3.log" 2>&1 || { tail -n 100 "$work/s3.log"; return 1; }
  "${static[@]}" deploy/test/outage.sh dist/minhchung >"$work/outage.log" 2>&1 || { tail -n 200 "$work/outage.log"; return 1; }
}

# cleanup ends engines_away, if it still runs, with all that it has started, and removes what was made here.
work=$(mktemp -d); away=
cleanup() {
  [ -z "$away" ] || kill -- "-$away" 2>/dev/null || true
  for _ in $(seq 300); do [ -n "$away" ] && kill -0 -- "-$away" 2>/dev/null || break; sleep 0.2; done   # its servers stop first
  rm -rf "$work"
}
trap cleanup EXIT
log=$work/log

step "tools"
command -v go >/dev/null || { echo "Go 1.26 or newer is needed: install it first"; exit 2; }
need=()
command -v pdfsig >/dev/null && command -v pdftotext >/dev/null || need+=(poppler-utils)
command -v mutool >/dev/null || need+=(mupdf-tools)
command -v qpdf >/dev/null || need+=(qpdf)
command -v openssl >/dev/null || need+=(openssl)
command -v chromium >/dev/null || need+=(chromium fonts-noto-core)   # the pages in a browser
command -v tesseract >/dev/null && tesseract --list-langs 2>/dev/null | grep -qx vie || need+=(tesseract-ocr tesseract-ocr-vie)   # scans
command -v soffice >/dev/null || need+=(libreoffice-writer-nogui)   # a foreign writer of PDF
command -v npm >/dev/null || [ -n "${MINHCHUNG_AXE:-}" ] || need+=(npm)   # brings axe-core
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)   # a province's database
command -v curl >/dev/null || need+=(curl)
# pgbouncer before PostgreSQL; and what renders pages that an OCR then reads
for package in pgbouncer pango1.0-tools imagemagick fonts-liberation fonts-noto-core fonts-dejavu-core; do
  dpkg -s "$package" >/dev/null 2>&1 || need+=("$package")
done
command -v gcc >/dev/null || need+=(gcc libc6-dev)   # the race detector links with it
if [ ${#need[@]} -gt 0 ]; then
  sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
fi
# axe-core measures the pages' accessibility; it stays outside the repository.
if [ -z "${MINHCHUNG_AXE:-}" ]; then
  npm install --prefix "$work/tools" --no-audit --no-fund --ignore-scripts --silent axe-core@4.14.1
  export MINHCHUNG_AXE=$work/tools/node_modules/axe-core/axe.min.js
fi

# What runs without the race detector is compiled as deploy/build.sh compiles: all dependencies in one more way take minutes.
static=(env CGO_ENABLED=0 GOFLAGS=-trimpath)

step "gofmt, vet, staticcheck, tidy, Windows"
unformatted=$(git ls-files '*.go' | xargs gofmt -l)
[ -z "$unformatted" ] || { echo "not gofmt-ed:"; echo "$unformatted"; exit 1; }
go mod tidy -diff
go vet -race ./...   # of what the race detector compiles; Windows has the rest
"${static[@]}" go run "$staticcheck" ./...
"${static[@]}" GOOS=windows GOARCH=amd64 go vet ./...
deploy/build.sh

step "the README's first command"
env -u MINHCHUNG_CACHE dist/minhchung demo --serve=false --dir "$work/demo" >"$log"
grep -E '1\.831/1\.861 = 98,4 %' "$log" || { cat "$log"; exit 1; }
dist/minhchung check --data "$work/demo/data"
# The tests read the demo's documents, and the first that reads a PDF file compiles the engine for all: under the race
# detector these take minutes to make. Children of the command's tests run the program, for the same reason.
export MINHCHUNG_DEMO=$work/demo MINHCHUNG_CACHE=$work/demo/data/cache MINHCHUNG_PROGRAM=$PWD/dist/minhchung

step "tests"
# The race detector lets every program that ends sleep for a second, so that what still runs can be seen; the scripts run
# hundreds of commands. Without the detector nothing runs on.
export GORACE=${GORACE:-atexit_sleep_ms=100}
go test -race -vet=off -shuffle=on -timeout 20m -v ./... >"$log" 2>&1 || { failures; exit 1; }
grep -E '^(ok|\?|FAIL|-test.shuffle)' "$log" | grep -v 'no test files' || true
grep -E '^\s*corpus\|' "$log" || true
passed=$(grep -cE '^\s*--- PASS' "$log" || true)
skipped=$(grep -cE '^\s*--- SKIP' "$log" || true)
grep -E -B1 '^\s*--- SKIP' "$log" || true

# The engines are waited for most of the time, for minutes: what follows runs beside them. They are a process group.
set -m; engines_away >"$work/away.log" 2>&1 & away=$!; set +m

step "limits that the race detector's own memory hides"
"${static[@]}" go test -count=1 -v -run '^TestHostileFiles$/^(allocate|deep)$' ./evidence/worker >"$log" 2>&1 || { cat "$log"; exit 1; }
grep -E '^ +--- (PASS|SKIP)' "$log"
[ "$(grep -cE '^ +--- PASS' "$log")" = 2 ] || { echo "both limits must be tried"; exit 1; }
for child in "" "$MINHCHUNG_PROGRAM"; do # the test's own program with all its pages, and the whole one
  MINHCHUNG_PROGRAM=$child "${static[@]}" go test -count=1 -v -run '^TestMemoryOfLargeFiles$' ./evidence/signature/conformance >"$log" 2>&1 || { cat "$log"; exit 1; }
  grep -E '^corpus\|' "$log"
  grep -E '^--- PASS' "$log" || { echo "the memory of large files must be measured"; exit 1; }
done
# Every bit of a signed file, and the PDF engine compiled from damaged code: one goroutine, ten times slower with the detector.
"${static[@]}" go test -count=1 -v -run '^(TestBitFlips|TestDamagedCache)$' ./evidence/signature/pdf ./evidence/text/pdfium >"$log" 2>&1 || { cat "$log"; exit 1; }
[ "$(grep -cE '^--- PASS' "$log")" = 2 ] || { echo "both long tests must be run"; exit 1; }
passed=$((passed + 5)) skipped=$((skipped - 4))

step "the Debian package"
"${static[@]}" deploy/test/deb.sh
passed=$((passed + 2))

step "fuzzing, ${FUZZTIME:=5s} each"
fuzzcache=$(go env GOCACHE)/fuzz
# An instrumented database or search engine takes minutes to compile. Tests outside of a package (x_test) that bring one
# are left out where the targets are inside.
outside() { git grep -lE '^package [a-z0-9]+_test$' -- "$1/*_test.go" | grep -vE "^$1/.*/" || true; }
for dir in $(git grep -lE '^func Fuzz' -- '*_test.go' | xargs -n 1 dirname | sort -u); do
  left=$(outside "$dir")
  [ -z "$left" ] || ! grep -qE '^func Fuzz' $left || left=
  for file in $left; do printf '"%s": ""\n' "$PWD/$file"; done | paste -sd , | sed 's/.*/{"Replace": {&}}/' >"$work/overlay.json"
  nice go test -c -fuzz . -overlay "$work/overlay.json" -o "$work/fuzzer" "./$dir"
  targets=$(cd "$dir" && "$work/fuzzer" -test.list '^Fuzz' | grep '^Fuzz')
  for target in $targets; do
    printf '%s %s\n' "$dir" "$target"
    fuzz "$dir" "$target" || fuzz "$dir" "$target" || { cat "$log"; exit 1; }
    passed=$((passed + 1))
  done
done

step "engines of a province: S3 behind a faulty network, outages"
ended=0; wait "$away" || ended=$?
away=
[ "$ended" = 0 ] || { cat "$work/away.log"; exit 1; }
log=$work/s3.log
grep -E '^(ok|FAIL)' "$log"
# Those of its tests that need the server were skipped above; others have names that begin alike.
server='Test(ConformanceReal|Toxic|Server|PartsAreConditional|Probe)'
real=$(grep -cE "^\s*--- PASS: $server[/ ]" "$log") top=$(grep -cE "^--- PASS: $server " "$log")
passed=$((passed + real)) skipped=$((skipped - top))
log=$work/outage.log
cat "$log"
passed=$((passed + $(grep -cE '^ *--- PASS' "$log" || true))) skipped=$((skipped - $(grep -cE '^--- PASS' "$log" || true)))

echo
echo "$passed passed, 0 failed, $skipped skipped"
