#!/bin/bash
# Stands in for the entry point of the official image: variables that are named like settings are settings.
set -eu

home=/usr/share/opensearch
settings=()
while IFS='=' read -r key value; do
    [[ ! $key =~ ^[a-z0-9_]+\.[a-z0-9_.]+$ ]] || settings+=("-E$key=$value")
done < <(env)
# shellcheck disable=SC2086 # several options
exec java ${OPENSEARCH_JAVA_OPTS:-} -Djava.security.manager=allow -Dlog4j2.disable.jmx=true -Dopensearch.path.home=$home \
    -Dopensearch.path.conf=$home/config -cp "$home/lib/*" org.opensearch.bootstrap.OpenSearch "${settings[@]}"
