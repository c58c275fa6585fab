#!/usr/bin/env bash
# The engines of a province on one machine, without Docker: PostgreSQL (Debian's package), an S3 server (versitygw, built
# once with the go command) and, when MEILI_URL is set, the Meilisearch there. For trying and for tests: a real province
# runs them on machines of their own. Everything listens on 127.0.0.1 and lives in one folder.
#
#   deploy/province.sh [start] [DIR]   starts them, makes DIR/minhchung.toml with its secrets, and prints it
#   deploy/province.sh stop [DIR]      stops what start started, by process id; the data stay
#
# DIR is ./province by default. Then: minhchung COMMAND --config DIR/minhchung.toml
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd)
verb=start
case "${1:-}" in start|stop) verb=$1; shift ;; esac
mkdir -p "${1:-province}"
dir=$(cd "${1:-province}" && pwd)
chmod 711 "$dir"   # PostgreSQL runs as another user and goes through it

# as_postgres runs a program of PostgreSQL, which refuses root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"); else "$@"; fi
}
# pg prints the newest PostgreSQL's path of a program.
pg() { ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1 | sed "s|\$|/$1|"; }
# free prints a port that nobody listens on, below those that the system gives to outgoing connections.
free() { while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done; echo "$port"; }
# secret NAME makes a file that only we can read, once.
secret() { [ -s "$dir/$1" ] || (umask 077; head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$dir/$1"); }

stop() {
  if [ -s "$dir/s3.pid" ] && kill "$(cat "$dir/s3.pid")" 2>/dev/null; then
    while kill -0 "$(cat "$dir/s3.pid")" 2>/dev/null; do sleep 0.1; done
    echo "the S3 server has stopped"
  fi
  rm -f "$dir/s3.pid"
  if [ -s "$dir/pg/data/postmaster.pid" ]; then
    as_postgres "$(pg pg_ctl)" -D "$dir/pg/data" -w -m fast stop >/dev/null && echo "PostgreSQL has stopped"
  fi
}

install_tools() {
  local need=()
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)
  command -v curl >/dev/null || need+=(curl)
  if [ ${#need[@]} -gt 0 ]; then
    local sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
  fi
  bin=$(go env GOBIN); bin=${bin:-$(go env GOPATH)/bin}
  [ -x "$bin/versitygw" ] || { echo "building the S3 server, once; about 3 CPU minutes"; nice go install github.com/versity/versitygw/cmd/versitygw@v1.8.0; }
}

# sql runs statements as the server's administrator, over the socket in a folder that only it can enter.
sql() { as_postgres "$(pg psql)" -h "$dir/pg" -p "$(cat "$dir/pg.port")" -U admin -d "$1" -v ON_ERROR_STOP=1 -q -t -A; }

start_postgres() {
  mkdir -p "$dir/pg"
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$dir/pg"
    as_postgres test -x "$dir/pg" || { echo "the user postgres cannot reach $dir: choose another folder"; exit 2; }
  fi
  chmod 700 "$dir/pg"
  if [ ! -e "$dir/pg/data/PG_VERSION" ]; then
    as_postgres "$(pg initdb)" -D "$dir/pg/data" -U admin --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 -N >/dev/null
  fi
  if as_postgres "$(pg pg_ctl)" -D "$dir/pg/data" status >/dev/null; then return; fi
  [ -s "$dir/pg.port" ] || free >"$dir/pg.port"
  as_postgres "$(pg pg_ctl)" -D "$dir/pg/data" -w -l "$dir/pg/log" -o "-p $(cat "$dir/pg.port") -k $dir/pg -c listen_addresses=127.0.0.1" start >/dev/null
}

# prepare_postgres makes the owner of the tables, who migrates, and the login of the program, who is a member of
# minhchung_app and of nothing else.
prepare_postgres() {
  secret pg-owner; secret pg-app
  sql postgres <<SQL
DO \$\$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['minhchung_app', 'minhchung_follower', 'minhchung_auditor'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) THEN EXECUTE format('CREATE ROLE %I NOLOGIN', name); END IF;
  END LOOP;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'chu_so_huu') THEN CREATE ROLE chu_so_huu LOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'minhchung') THEN CREATE ROLE minhchung LOGIN; END IF;
END \$\$;
ALTER ROLE chu_so_huu PASSWORD '$(cat "$dir/pg-owner")';
ALTER ROLE minhchung PASSWORD '$(cat "$dir/pg-app")';
GRANT minhchung_app TO minhchung;
SQL
  [ -n "$(echo "SELECT 1 FROM pg_database WHERE datname = 'minhchung'" | sql postgres)" ] || echo 'CREATE DATABASE minhchung OWNER chu_so_huu' | sql postgres
}

start_s3() {
  mkdir -p "$dir/s3/data" "$dir/s3/versions"
  chmod 700 "$dir/s3"
  secret s3-secret
  if [ -s "$dir/s3.pid" ] && kill -0 "$(cat "$dir/s3.pid")" 2>/dev/null; then return; fi
  [ -s "$dir/s3.port" ] || free >"$dir/s3.port"
  ROOT_ACCESS_KEY=minhchung ROOT_SECRET_KEY=$(cat "$dir/s3-secret") setsid "$bin/versitygw" --port "127.0.0.1:$(cat "$dir/s3.port")" --health /healthz --quiet --keep-alive \
    posix --versioning-dir "$dir/s3/versions" "$dir/s3/data" >>"$dir/s3/log" 2>&1 </dev/null &
  echo $! >"$dir/s3.pid"
  for _ in $(seq 100); do curl -sf -o /dev/null "http://127.0.0.1:$(cat "$dir/s3.port")/healthz" && break; sleep 0.1; done
  # The bucket, with object lock and so with versioning. The secret goes through a pipe: others can see arguments.
  [ -e "$dir/s3/data/minhchung" ] || printf 'user = "minhchung:%s"\n' "$(cat "$dir/s3-secret")" |
    curl -sS -f -o /dev/null -K - --aws-sigv4 aws:amz:us-east-1:s3 -X PUT -H 'x-amz-bucket-object-lock-enabled: true' \
      -H "x-amz-content-sha256: $(printf '' | sha256sum | cut -d ' ' -f 1)" "http://127.0.0.1:$(cat "$dir/s3.port")/minhchung"
}

write_config() {
  cat >"$dir/minhchung.toml" <<TOML
data = "data"

[serve]
metrics = "127.0.0.1:$( [ -s "$dir/metrics.port" ] || free >"$dir/metrics.port"; cat "$dir/metrics.port")"

[sql]
engine = "postgres"
[sql.postgres]
url = "postgres://minhchung@127.0.0.1:$(cat "$dir/pg.port")/minhchung"
password = "file:pg-app"
owner_url = "postgres://chu_so_huu@127.0.0.1:$(cat "$dir/pg.port")/minhchung"
owner_password = "file:pg-owner"

[objects]
engine = "s3"
[objects.s3]
url = "http://127.0.0.1:$(cat "$dir/s3.port")"
bucket = "minhchung"
key = "minhchung"
secret = "file:s3-secret"
TOML
  [ -n "${MEILI_URL:-}" ] || return 0
  (umask 077; printf '%s' "${MEILI_KEY:-}" >"$dir/meili-key")
  printf '\n[search]\nengine = "meili"\n[search.meili]\nurl = "%s"\nplain = true\n' "$MEILI_URL" >>"$dir/minhchung.toml"
  [ -z "${MEILI_KEY:-}" ] || echo 'key = "file:meili-key"' >>"$dir/minhchung.toml"
}

if [ "$verb" = stop ]; then stop; exit; fi
install_tools
start_postgres
prepare_postgres
start_s3
write_config
if [ -n "${MEILI_URL:-}" ]; then echo "search runs on the Meilisearch at $MEILI_URL"; else echo "MEILI_URL is not set: search runs on bleve, in the data directory"; fi
echo "PostgreSQL and the S3 server are running. $dir/minhchung.toml:"
echo
cat "$dir/minhchung.toml"
echo
echo "try: go run $repo/cmd/minhchung unit list --config $dir/minhchung.toml"
echo "stop: $repo/deploy/province.sh stop $dir"
