# shellcheck shell=bash disable=SC2016,SC2154
# Part of more.sh: servers that are Go programs, built from their modules.

# The checksums of the other versions of the collector are not to be had everywhere. It has the parts that
# the preset's file names; without a list, the builder adds the usual providers of configuration.
collector() {
    local version=0.165.0 work begun=$SECONDS
    program=$cache/programs/otelcol@$version-2
    [[ ! -f $program ]] || return 0
    mkdir -p "$cache/programs"
    work=$(mktemp -d)
    cat >"$work/builder.yaml" <<YAML
dist: {name: otelcol, module: images/collector, output_path: $work/out, version: $version}
receivers: [{gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v$version}]
exporters: [{gomod: go.opentelemetry.io/collector/exporter/debugexporter v$version}]
extensions: [{gomod: github.com/open-telemetry/opentelemetry-collector-contrib/extension/healthcheckextension v0.165.1}]
YAML
    CGO_ENABLED=0 go run "go.opentelemetry.io/collector/cmd/builder@v$version" --config="$work/builder.yaml" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        return 1
    }
    mv "$work/out/otelcol" "$program"
    rm -rf "$work"
    echo "built the OpenTelemetry collector in $((SECONDS - begun)) s" >&2
}

# Hooks that put programs into /usr/local/bin: programs NAME FILE...
hooks=()
programs() {
    hooks=()
    while (($#)); do
        hooks+=("upload $2 /usr/local/bin/$1")
        shift 2
    done
    hooks+=('chmod 755 "$1"/usr/local/bin/*')
}

program github.com/temporalio/cli/cmd/temporal v1.5.1
temporal=$program
collector
collector=$program
# The first Jaeger's last version; that of the preset is not to be had everywhere.
program github.com/jaegertracing/jaeger/cmd/all-in-one v1.76.0
jaeger=$program
# The commit of RELEASE.2025-04-22T22-12-26Z.
program github.com/minio/minio v0.0.0-20250422221226-0d7408fc9969
minio=$program
program github.com/weaviate/weaviate/cmd/weaviate-server v1.30.0
weaviate=$program

# Temporal's image has a user of the number that its preset runs it as; those of the others have none.
programs temporal "$temporal"
begin temporal curl 'chroot "$1" useradd --uid 1000 --create-home temporal' "${hooks[@]}"
programs otelcol "$collector" jaeger "$jaeger" minio "$minio" weaviate "$weaviate"
begin go-servers curl "${hooks[@]}"

tag temporalio/temporal:1.5.1 temporal temporal
tag otel/opentelemetry-collector-contrib:0.127.0 go-servers otelcol
tag jaegertracing/all-in-one:1.69.0 go-servers jaeger
tag minio/minio:RELEASE.2025-04-22T22-12-26Z go-servers
tag cr.weaviate.io/semitechnologies/weaviate:1.30.0 go-servers 'weaviate --host 0.0.0.0 --port 8080 --scheme http'
