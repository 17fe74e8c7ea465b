#!/usr/bin/env bash
# Makes the root file systems of the images that tests/node runs: build.sh CACHE [all]
#
# They hold Debian's own packages and what package registries have, for no image registry is asked, and
# stand in for the images that the presets name. One root file system serves several images: half of the
# time goes into writing files. Each is made once: its file's name says what it was made from. Prints, for
# each image, its name, its file, its entry point and its stop signal, separated by tabs; with `all` those
# of more.sh too.
#
# Programs in them install packages from where this machine does: the registries and certificate
# authorities are read from its configuration when they are made, and are nowhere in the project.
# Needs root, mmdebstrap, Go and a Debian mirror.
# shellcheck disable=SC2016 # hooks are expanded by mmdebstrap
set -euo pipefail

readonly SUITE=trixie
cache=${1:?usage: build.sh CACHE [all]}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

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
        for name in SSL_CERT_FILE NODE_EXTRA_CA_CERTS PIP_CERT GIT_SSL_CAINFO CARGO_HTTP_CAINFO; do
            echo "$name=/etc/ssl/certs/ca-certificates.crt"
        done
    fi
    env | grep -E '^(https?|HTTPS?|no|NO)_(proxy|PROXY)=' || true
}

mapfile -t mirror < <(mirror)
registries=$(registries)
# Maven and Cargo read theirs from files, wherever the home folder is.
settings=()
[[ ! -f $HOME/.m2/settings.xml ]] || settings+=("mkdir -p \"\$1/etc/maven\"" "upload $HOME/.m2/settings.xml /etc/maven/settings.xml")
[[ ! -f $HOME/.cargo/config.toml ]] || settings+=("mkdir -p \"\$1/.cargo\"" "upload $HOME/.cargo/config.toml /.cargo/config.toml")

# What a root file system was made from, as a few digits; where the project and the cache are is left out,
# so that a cache may be copied.
digits() {
    local hook word texts=("${@//"$here/"/}")
    {
        printf '%s\n' "$SUITE" "${texts[@]//"$cache/"/}" "$registries" "${settings[@]}"
        cat "${SSL_CERT_FILE:-/dev/null}"
        # What hooks copy counts with what is in it; the cache's own files have it in their names.
        for hook in "$@"; do
            for word in $hook; do
                case $word in "$here"/*) cat "$word" ;; esac
            done
        done
    } | sha256sum | cut -c1-16
}

# Where a root file system is: file NAME PACKAGES [HOOK...]
file() {
    local name=$1
    shift
    echo "$cache/$name.$(digits "$@").tar"
}

declare -A files
# rootfs NAME PACKAGES [HOOK...]
rootfs() {
    local name=$1 packages=$2 file=${files[$1]}
    shift 2
    [[ ! -f $file ]] || return 0
    rm -f "$cache/$name".*.tar
    local hooks=() hook begun=$SECONDS
    if [[ -n ${SSL_CERT_FILE:-} ]]; then
        hooks+=("--customize-hook=upload $SSL_CERT_FILE /etc/ssl/certs/ca-certificates.crt")
    fi
    for hook in "${settings[@]}" "$@"; do
        hooks+=("--customize-hook=$hook")
    done
    # Without what is only read by people; some packages put links into the folder of manuals all the same.
    mmdebstrap --quiet --format=tar --variant=minbase --include="ca-certificates,$packages" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --aptopt='Acquire::Retries "5"' \
        --essential-hook='mkdir -p "$1/usr/share/man/man1"' \
        "${hooks[@]}" "$SUITE" "$file.part" "${mirror[@]}" >&2
    mv "$file.part" "$file"
    echo "made the root file system $name in $((SECONDS - begun)) s" >&2
}

# Most of the time is spent waiting for the mirror and for single-threaded tools. What succeeded is
# told by a file: over minutes on a busy machine process numbers come round again, and a shell then
# forgets how the earlier child of that number ended.
succeeded=$(mktemp -d)
trap 'rm -rf "$succeeded"' EXIT
begun=0
begin() {
    files[$1]=$(file "$@")
    while (($(jobs -rp | wc -l) >= 3)); do
        sleep 0.1
    done
    begun=$((begun + 1))
    {
        rootfs "$@"
        touch "$succeeded/$begun"
    } &
}

# Says that an image has been made: tag IMAGE NAME [ENTRYPOINT [STOPSIGNAL]]
tags=()
tag() {
    tags+=("$(printf '%s\t%s\t%s\t%s' "$1" "${files[$2]}" "${3:-}" "${4:-}")")
}

# A program of a Go module, static: program PACKAGE VERSION; gives its file in `program`.
program=
program() {
    local package=$1 version=$2 work begun=$SECONDS
    program=$cache/programs/$(basename "$package")@$version
    [[ ! -f $program ]] || return 0
    mkdir -p "$cache/programs"
    work=$(mktemp -d)
    (
        export CGO_ENABLED=0 GOFLAGS=-mod=mod GOTOOLCHAIN=local
        cd "$work" && go mod init programs && go get "$package@$version" &&
            go build -trimpath -ldflags='-s -w' -o program "$package"
    ) >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        return 1
    }
    mv "$work/program" "$program"
    rm -rf "$work"
    echo "built $package in $((SECONDS - begun)) s" >&2
}

# Users have the numbers that they have in the official images, which the presets run them as.
user() {
    printf 'chroot "$1" usermod --uid %s %s && chroot "$1" groupmod --gid %s %s' "$2" "$1" "$2" "$1"
}

# Java has certificates in a file of its own.
java='chroot "$1" openssl pkcs12 -export -nokeys -jdktrust anyExtendedKeyUsage -certpbe NONE -nomac -passout pass: -in /etc/ssl/certs/ca-certificates.crt -out /etc/ssl/certs/java/cacerts'

begin java openjdk-21-jdk-headless,maven "$java" \
    "copy-in $here/jars.sh $here/kafka.sh /usr/local/bin" \
    'chroot "$1" jars.sh /opt/kafka/libs org.apache.kafka:kafka_2.13:4.0.0 org.apache.kafka:kafka-tools:4.0.0 org.slf4j:slf4j-simple:1.7.36' \
    'mkdir -p "$1/etc/kafka/docker" "$1/opt/kafka/config" "$1/mnt/shared/config"; chown -R 1000:1000 "$1/opt/kafka" "$1/mnt/shared"' \
    'touch "$1"/etc/kafka/docker/server.properties "$1"/etc/kafka/docker/log4j2.yaml "$1"/etc/kafka/docker/tools-log4j2.yaml'
begin rust rustc,cargo
begin javascript nodejs,npm 'chroot "$1" useradd --uid 1000 --create-home node' \
    'chroot "$1" npm install --global --silent bun@1.2 deno@2.3.3' \
    'rm -rf "$1/root/.npm" "$1"/usr/local/lib/node_modules/bun/node_modules/@oven'
begin go golang-go,git
begin python python3,python3-pip,python3-venv \
    'ln -s python3 "$1/usr/bin/python"; rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED'
begin scripts php-cli,composer,ruby,ruby-bundler,hugo
# The official PostgreSQL and MariaDB run scripts that make the database.
postgres=/usr/lib/postgresql/17/bin
begin postgres postgresql,postgresql-17-pgvector "copy-in $here/postgres.sh /usr/local/bin" \
    "ln -s $postgres/postgres $postgres/initdb $postgres/pg_ctl \"\$1/usr/local/bin/\"" "$(user postgres 999)"
begin mariadb mariadb-server "copy-in $here/mariadb.sh /usr/local/bin" "$(user mysql 999)" \
    'mkdir -p "$1/run/mysqld"; rm -rf "$1"/var/lib/mysql/*; chroot "$1" chown -R mysql:mysql /var/lib/mysql /run/mysqld'
# rebar3 without what draws windows: half a gigabyte that it asks for and does not use.
begin erlang rabbitmq-server,elixir,erlang-hex \
    'chroot "$1" usermod --non-unique --uid 999 rabbitmq; chroot "$1" groupmod --non-unique --gid 999 rabbitmq' \
    'echo "[rabbitmq_management]." >"$1/etc/rabbitmq/enabled_plugins"; chroot "$1" chown -R rabbitmq:rabbitmq /var/lib/rabbitmq /var/log/rabbitmq /etc/rabbitmq' \
    'chroot "$1" sh -c "cd /tmp && apt-get --quiet=2 download rebar3 erlang-dev erlang-eunit erlang-common-test erlang-dialyzer erlang-edoc"' \
    'chroot "$1" sh -c "dpkg --force-depends --install /tmp/*.deb >/dev/null && rm /tmp/*.deb"'
program github.com/axllent/mailpit v1.27.11
begin servers redis-server,valkey-server,valkey-tools,memcached,nats-server,mosquitto,etcd-server,etcd-client,busybox,git \
    "$(user mosquitto 1883)" 'ln -s busybox "$1/usr/bin/httpd"' \
    "upload $program /usr/local/bin/mailpit" 'chmod 755 "$1/usr/local/bin/mailpit"'

tag maven:3.9-eclipse-temurin-21 java
tag apache/kafka:4.0.0 java kafka.sh
tag rust:1.89-bookworm rust
tag node:22-bookworm-slim javascript
tag oven/bun:1.2 javascript
tag denoland/deno:2.3.3 javascript
tag golang:1.24-bookworm go
tag python:3.13-slim-bookworm python
tag serversideup/php:8.4-cli scripts
tag ruby:3.4-bookworm scripts
tag hugomods/hugo:exts-0.147.0 scripts
tag postgres:17-bookworm postgres postgres.sh SIGINT
tag pgvector/pgvector:pg17 postgres postgres.sh SIGINT
tag mariadb:11.8 mariadb mariadb.sh
tag rabbitmq:4.1-management erlang rabbitmq-server
tag elixir:1.18 erlang
tag erlang:27 erlang
tag redis:7.4-bookworm servers
tag valkey/valkey:8.1-bookworm servers
tag memcached:1.6-bookworm servers
tag nats:2.11-alpine servers nats-server
tag eclipse-mosquitto:2.0 servers 'mosquitto -c /mosquitto/config/mosquitto.conf'
tag quay.io/coreos/etcd:v3.5.21 servers
tag axllent/mailpit:v1.27 servers mailpit
tag alpine/git:v2.49.1 servers
tag busybox:1.37 servers

if [[ ${2:-} == all ]]; then
    # shellcheck source=tests/node/images/more.sh
    source "$here/more.sh"
fi
wait
if (($(find "$succeeded" -type f | wc -l) != begun)); then
    echo "not every root file system could be made" >&2
    exit 1
fi
printf '%s\n' "$registries" >"$cache/environment"
printf '%s\n' "${tags[@]}"
