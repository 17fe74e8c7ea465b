#!/usr/bin/env bash
# Makes the root file systems of the images that tests/node runs: build.sh CACHE
#
# They hold Debian's own packages, for no image registry is asked, and stand in for the images that
# the presets name. Each is made once: its file's name says what it was made from. Prints, for each
# image, its name, its file, its entry point and its stop signal, separated by tabs.
#
# Programs in them install packages from where this machine does: the registries and certificate
# authorities are read from its configuration when they are made, and are nowhere in the project.
# Needs root, mmdebstrap and a Debian mirror.
# shellcheck disable=SC2016 # hooks are expanded by mmdebstrap
set -euo pipefail

readonly SUITE=trixie
cache=${1:?usage: build.sh CACHE}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$cache"

# The mirror that this machine uses; nothing where none is found, and then mmdebstrap takes its own.
mirror() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+).*/\2/p' | grep -m1 '/debian/\?$' || true
}

# What programs need to know of this machine to install packages, as lines of /etc/environment.
registries() {
    local registry
    if command -v npm >/dev/null && registry=$(npm config get registry 2>/dev/null); then
        echo "NPM_CONFIG_REGISTRY=$registry"
    fi
    if command -v pip >/dev/null && registry=$(pip config get global.index-url 2>/dev/null); then
        echo "PIP_INDEX_URL=$registry"
    fi
    if command -v go >/dev/null; then
        go env | sed -nE "s/^(GOPROXY|GOSUMDB|GONOSUMDB|GOPRIVATE)='(.+)'$/\1=\2/p"
    fi
    if [[ -n ${SSL_CERT_FILE:-} ]]; then
        local name
        for name in SSL_CERT_FILE NODE_EXTRA_CA_CERTS PIP_CERT GIT_SSL_CAINFO; do
            echo "$name=/etc/ssl/certs/ca-certificates.crt"
        done
    fi
    env | grep -E '^(https?|HTTPS?|no|NO)_(proxy|PROXY)=' || true
}

mapfile -t mirror < <(mirror)
registries=$(registries)

# image NAME ENTRYPOINT STOPSIGNAL PACKAGES [HOOK...]
image() {
    local name=$1 entrypoint=$2 stop=$3 packages=$4 hash file
    shift 4
    hash=$(printf '%s\n' "$SUITE" "$packages" "$@" "$registries" "$(cat "$here"/postgres.sh "$here"/mariadb.sh)" \
        "$(cat "${SSL_CERT_FILE:-/dev/null}")" | sha256sum | cut -c1-16)
    file=$cache/$(tr '/:' '__' <<<"$name").$hash.tar
    if [[ ! -f $file ]]; then
        rm -f "$cache/$(tr '/:' '__' <<<"$name")".*.tar
        local hooks=() hook begun=$SECONDS
        if [[ -n ${SSL_CERT_FILE:-} ]]; then
            hooks+=("--customize-hook=upload $SSL_CERT_FILE /etc/ssl/certs/ca-certificates.crt")
        fi
        for hook in "$@"; do
            hooks+=("--customize-hook=$hook")
        done
        # Without what is only read by people: half the time goes into writing files.
        mmdebstrap --quiet --format=tar --variant=minbase --include="ca-certificates,$packages" \
            --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' --aptopt='Acquire::Retries "5"' \
            "${hooks[@]}" "$SUITE" "$file.part" "${mirror[@]}" >&2
        mv "$file.part" "$file"
        echo "made the root file system of $name in $((SECONDS - begun)) s" >&2
    fi
    printf '%s\t%s\t%s\t%s\n' "$name" "$file" "$entrypoint" "$stop"
}

# Users have the numbers that they have in the official images, which the presets run them as. The
# official PostgreSQL and MariaDB run scripts that make the database; see postgres.sh and mariadb.sh.
postgres=/usr/lib/postgresql/17/bin

# Most of the time is spent waiting for the mirror and for single-threaded tools. What succeeded is
# told by a file: over minutes on a busy machine process numbers come round again, and a shell then
# forgets how the earlier child of that number ended.
succeeded=$(mktemp -d)
trap 'rm -rf "$succeeded"' EXIT
begun=0
begin() {
    while (($(jobs -rp | wc -l) >= 3)); do
        sleep 0.1
    done
    begun=$((begun + 1))
    {
        image "$@"
        touch "$succeeded/$begun"
    } &
}
begin node:22-bookworm-slim '' '' nodejs,npm 'chroot "$1" useradd --uid 1000 --create-home node'
begin postgres:17-bookworm postgres.sh SIGINT postgresql \
    "copy-in $here/postgres.sh /usr/local/bin" \
    "ln -s $postgres/postgres $postgres/initdb $postgres/pg_ctl \"\$1/usr/local/bin/\"" \
    'chroot "$1" usermod --uid 999 postgres && chroot "$1" groupmod --gid 999 postgres'
begin golang:1.24-bookworm '' '' golang-go,git
begin redis:7.4-bookworm '' '' redis-server \
    'chroot "$1" usermod --uid 999 redis && chroot "$1" groupmod --gid 999 redis'
begin alpine/git:v2.49.1 '' '' git
begin python:3.13-slim-bookworm '' '' python3,python3-pip,python3-venv \
    'ln -s python3 "$1/usr/bin/python"; rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED'
begin mariadb:11.8 mariadb.sh '' mariadb-server \
    "copy-in $here/mariadb.sh /usr/local/bin" \
    'chroot "$1" usermod --uid 999 mysql && chroot "$1" groupmod --gid 999 mysql' \
    'mkdir -p "$1/run/mysqld"; rm -rf "$1"/var/lib/mysql/*; chroot "$1" chown -R mysql:mysql /var/lib/mysql /run/mysqld'
begin memcached:1.6-bookworm '' '' memcached
begin rabbitmq:4.1-management rabbitmq-server '' rabbitmq-server \
    'chroot "$1" usermod --uid 999 rabbitmq && chroot "$1" groupmod --gid 999 rabbitmq' \
    'echo "[rabbitmq_management]." >"$1/etc/rabbitmq/enabled_plugins"; chroot "$1" chown -R rabbitmq:rabbitmq /var/lib/rabbitmq /var/log/rabbitmq /etc/rabbitmq'
begin nats:2.11-alpine nats-server '' nats-server
begin eclipse-mosquitto:2.0 'mosquitto -c /mosquitto/config/mosquitto.conf' '' mosquitto \
    'chroot "$1" usermod --uid 1883 mosquitto && chroot "$1" groupmod --gid 1883 mosquitto'
begin valkey/valkey:8.1-bookworm '' '' valkey-server,valkey-tools
begin serversideup/php:8.4-cli '' '' php-cli,composer
begin ruby:3.4-bookworm '' '' ruby,ruby-bundler
begin busybox:1.37 '' '' busybox 'ln -s busybox "$1/usr/bin/httpd"'
begin oven/bun:1.2 '' '' nodejs,npm 'chroot "$1" npm install --global --silent bun@1.2'
begin denoland/deno:2.3.3 '' '' nodejs,npm 'chroot "$1" npm install --global --silent deno@2.3.3'
wait
if (($(find "$succeeded" -type f | wc -l) != begun)); then
    echo "not every root file system could be made" >&2
    exit 1
fi
printf '%s\n' "$registries" >"$cache/environment"
