#!/bin/sh
# Stands in for the entry point of the official image: makes the database on the first start, with
# the user, password and name that its variables give, and runs the server.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    password=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
    initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile="$password" --auth=scram-sha-256
    rm -f "$password"
    printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    # On its socket only, as the official image does: nobody connects to half a database.
    pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses='' -k /tmp" --wait start
    if [ "$POSTGRES_DB" != postgres ]; then
        PGPASSWORD=$POSTGRES_PASSWORD createdb --host=/tmp --username="$POSTGRES_USER" "$POSTGRES_DB"
    fi
    pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -k /tmp
