#!/bin/sh
# Stands in for the entry point of the official image: makes settings of the variables, sets the first
# password, and runs the server.
set -eu

export NEO4J_HOME=/var/lib/neo4j
{
    echo server.directories.data=/data
    echo server.default_listen_address=0.0.0.0
    # A dot is written as one underscore, an underscore as two.
    env | sed -n 's/^NEO4J_\([a-z].*\)/\1/p' | while IFS='=' read -r key value; do
        printf '%s=%s\n' "$(echo "$key" | sed 's/_/./g; s/\.\./_/g')" "$value"
    done
} >"$NEO4J_HOME/conf/neo4j.conf"
libraries="$NEO4J_HOME/lib/*"
java -cp "$libraries" org.neo4j.server.startup.Neo4jAdminCommand dbms set-initial-password "${NEO4J_AUTH#neo4j/}"
exec java -cp "$libraries" org.neo4j.server.startup.Neo4jCommand console
