#!/bin/bash
# postgres' start: an empty volume gets a cluster and what /docker-entrypoint-initdb.d makes in it.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --username postgres --auth-host scram-sha-256 --auth-local trust --pwfile <(echo "$POSTGRES_PASSWORD") >/dev/null
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    pg_ctl --silent --wait start --options "-c listen_addresses=''"
    for script in /docker-entrypoint-initdb.d/*.sh; do
        POSTGRES_USER=postgres sh "$script"
    done
    pg_ctl --silent --wait stop
fi
exec postgres -c "listen_addresses=*"
