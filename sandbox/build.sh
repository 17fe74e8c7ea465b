#!/bin/sh
# Builds the sandbox program: sandbox/build.sh OUT
#
# The one place that knows the flags; install.sh and devbox itself call it. Needs Go only: every
# dependency is a Go module, pinned by go.mod and go.sum. Safe to run again: an unchanged source
# is linked from Go's own cache in seconds.
set -eu

# shellcheck source=sandbox/shared/build.sh
. "$(dirname "$0")/shared/build.sh"
one_argument OUT "$@"
need_go "$1"
out=$(absolute "$1")
cd "$(dirname "$0")"

# The versions are go.mod's: without them the API server calls itself v0.0.0.
kubernetes=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${kubernetes#v*.}
minor=${minor%%.*}
major=${kubernetes#v}
major=${major%%.*}
base=k8s.io/component-base/version
client=k8s.io/client-go/pkg/version
flags="-s -w"
for package in "$base" "$client"; do
    flags="$flags -X $package.gitVersion=$kubernetes -X $package.gitMajor=$major -X $package.gitMinor=$minor"
    flags="$flags -X $package.gitTreeState=clean"
done
flags="$flags -X main.source=${DEVBOX_SANDBOX_SOURCE:-}"

echo "building the sandbox program (Kubernetes $kubernetes); the first time takes about 5 minutes" >&2
mkdir -p "$(dirname "$out")"
# Built beside the target and renamed: nobody sees half a program, and a running one can be replaced.
temporary=$out.building.$$
trap 'rm -f "$temporary"' EXIT
trap 'exit 130' INT TERM HUP
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "$flags" -o "$temporary" .
mv "$temporary" "$out"
echo "built $out" >&2
