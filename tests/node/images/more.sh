# shellcheck shell=bash disable=SC2016,SC2154
# Part of build.sh: the images of what is only run with DEVBOX_K8S_TEST_CATALOGUE=all. They take long to
# make: compilers, and servers that are built from their sources.

begin jvm openjdk-21-jdk-headless,maven,leiningen,curl "$java" \
    "copy-in $here/jars.sh $here/sbt.sh /usr/local/bin" \
    'mv "$1/usr/local/bin/sbt.sh" "$1/usr/local/bin/sbt"; mkdir "$1/etc/leiningen"' \
    "upload $here/leiningen.clj /etc/leiningen/profiles.clj" \
    'chroot "$1" jars.sh /usr/share/sbt org.scala-sbt:sbt-launch:1.11.2' \
    'chroot "$1" mvn --quiet --batch-mode -Dmaven.repo.local=/tmp/maven dependency:copy -Dartifact=org.keycloak:keycloak-quarkus-dist:26.2.5:tar.gz -DoutputDirectory=/tmp' \
    'mkdir "$1/opt/keycloak"; tar -xzf "$1"/tmp/keycloak-*.tar.gz -C "$1/opt/keycloak" --strip-components=1; rm -r "$1"/tmp/*' \
    'chown -R 1000:0 "$1/opt/keycloak"; chmod -R g+rwX "$1/opt/keycloak"'
begin crystal crystal,shards,libssl-dev,zlib1g-dev,libyaml-dev,libxml2-dev,libgmp-dev
begin haskell ghc,cabal-install,libghc-network-dev
begin swift swiftlang,libc6-dev,libstdc++-14-dev,git

# The checksums of the other versions of the collector are not to be had everywhere.
collector() {
    local version=0.165.0 work begun=$SECONDS
    program=$cache/programs/otelcol@$version
    [[ ! -f $program ]] || return 0
    mkdir -p "$cache/programs"
    work=$(mktemp -d)
    cat >"$work/builder.yaml" <<YAML
dist: {name: otelcol, module: images/collector, output_path: $work/out, version: $version}
receivers: [{gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v$version}]
exporters: [{gomod: go.opentelemetry.io/collector/exporter/debugexporter v$version}]
extensions: [{gomod: github.com/open-telemetry/opentelemetry-collector-contrib/extension/healthcheckextension v0.165.1}]
providers: [{gomod: go.opentelemetry.io/collector/confmap/provider/fileprovider v1.71.0}]
YAML
    CGO_ENABLED=0 go run "go.opentelemetry.io/collector/cmd/builder@v$version" --config="$work/builder.yaml" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        return 1
    }
    mv "$work/out/otelcol" "$program"
    rm -rf "$work"
    echo "built the OpenTelemetry collector in $((SECONDS - begun)) s" >&2
}

program github.com/temporalio/cli/cmd/temporal v1.5.1
temporal=$program
collector
begin go-servers curl "upload $temporal /usr/local/bin/temporal" "upload $program /usr/local/bin/otelcol" 'chmod 755 "$1"/usr/local/bin/*'

tag clojure:temurin-21-lein jvm
tag sbtscala/scala-sbt:eclipse-temurin-21.0.7_6_1.11.2_3.7.1 jvm
tag quay.io/keycloak/keycloak:26.2 jvm /opt/keycloak/bin/kc.sh
tag crystallang/crystal:1.16 crystal
tag haskell:9.8 haskell
tag swift:6.0 swift
tag otel/opentelemetry-collector-contrib:0.127.0 go-servers otelcol
tag temporalio/temporal:1.5.1 go-servers temporal

# shellcheck source=tests/node/images/more-libraries.sh
source "$here/more-libraries.sh"
