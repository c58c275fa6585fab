#!/bin/bash
# Run once by the container of PostgreSQL: the owner of the tables, who migrates, and the program's login, who is a
# member of minhchung_app and of nothing else. deploy/province.sh does the same.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<SQL
CREATE ROLE minhchung_app NOLOGIN;
CREATE ROLE minhchung_follower NOLOGIN;
CREATE ROLE minhchung_auditor NOLOGIN;
CREATE ROLE chu_so_huu LOGIN PASSWORD '$(cat /run/secrets/pg-owner)';
CREATE ROLE minhchung LOGIN PASSWORD '$(cat /run/secrets/pg-app)';
GRANT minhchung_app TO minhchung;
ALTER DATABASE minhchung OWNER TO chu_so_huu;
ALTER SCHEMA public OWNER TO chu_so_huu;
SQL
