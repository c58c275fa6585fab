#!/usr/bin/env bash
# Makes the Debian package, installs it, checks the unit, runs the program as its user, and purges it. Needs root, dpkg,
# systemd-analyze and systemd-sysusers; refuses a machine where the package or its data are already there.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "deb.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "deb.sh: skipped: installing a package needs root"; exit 0; }
for tool in dpkg systemd-analyze systemd-sysusers setpriv curl; do command -v "$tool" >/dev/null || fail "$tool is missing"; done
[ ! -e /usr/bin/minhchung ] && [ ! -e /var/lib/minhchung ] || fail "minhchung is installed here already"

work=$(mktemp -d); server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  dpkg -P minhchung >/dev/null 2>&1 || true
  rm -rf "$work" /var/lib/minhchung
  userdel minhchung 2>/dev/null || true
}
trap cleanup EXIT
deb=$(deploy/package.sh)
dpkg -i "$deb" >"$work/install" 2>&1 || { cat "$work/install"; fail "dpkg -i"; }

printed=$(systemd-analyze verify /usr/lib/systemd/system/minhchung.service 2>&1 || true)
[ -z "$printed" ] || fail "systemd-analyze verify: $printed"
# An unconfined service has 9.6 here; what is left is the network and the user's own files.
exposure=$(systemd-analyze security --offline=true /usr/lib/systemd/system/minhchung.service | sed -n 's/.*exposure level for .*: \([0-9.]*\).*/\1/p')
echo "exposure level of the service: $exposure"
[ "${exposure%.*}" -le 2 ] || fail "the sandbox is open: $exposure"

as_user=(setpriv --reuid=minhchung --regid=minhchung --init-groups --reset-env --)   # becomes the program: one process id
cd /
"${as_user[@]}" /usr/bin/minhchung unit add xa-thu --name "UBND xã Thử" --config /etc/minhchung/minhchung.toml
[ "$(stat -c %U:%a /var/lib/minhchung)" = minhchung:700 ] || fail "the data directory is not private"
"${as_user[@]}" /usr/bin/minhchung serve --listen 127.0.0.1:0 --json --config /etc/minhchung/minhchung.toml >"$work/address" 2>"$work/log" & server=$!
for _ in $(seq 100); do [ -s "$work/address" ] && break; sleep 0.1; done
address=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' "$work/address")
curl -sf -o /dev/null "$address" && curl -sf "${address}healthz" && curl -sf "${address}readyz" || { cat "$work/log"; fail "the pages do not answer at $address"; }
kill "$server"; wait "$server" || fail "serve did not end with code 0"
server=

dpkg -P minhchung >"$work/purge" 2>&1 || { cat "$work/purge"; fail "dpkg -P"; }
[ ! -e /usr/bin/minhchung ] && [ ! -e /etc/minhchung ] || fail "the purge left files behind"
[ -e /var/lib/minhchung/minhchung.db ] || fail "the purge removed evidence"
grep -q /var/lib/minhchung "$work/purge" || fail "the purge does not say that evidence stays"
echo "installed, run as its user, purged: $(basename "$deb")"
