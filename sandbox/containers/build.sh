#!/bin/sh
# Builds what the sandbox's containers node is made of: sandbox/containers/build.sh FOLDER
#
# The one place that knows the flags; install.sh and devbox itself call it. Needs Go only: every
# dependency is a Go module, pinned by go.mod and go.sum. Leaves in FOLDER
#   node                      the node itself, with containerd and CoreDNS
#   containerd-shim-runc-v2   one runs for every pod
#   pause                     what holds a pod's namespaces
set -eu

# shellcheck source=sandbox/shared/build.sh
. "$(dirname "$0")/../shared/build.sh"
one_argument FOLDER "$@"
need_go "$1"
out=$(absolute "$1")
cd "$(dirname "$0")"

# containerd says its version, and the client asks for it.
containerd=$(go list -m -f '{{.Version}}' github.com/containerd/containerd/v2)
flags="-s -w -X github.com/containerd/containerd/v2/version.Version=$containerd"

echo "building the containers node (containerd $containerd); the first time takes about 2 minutes" >&2
# Built beside the target and renamed: nobody sees half of it, and running programs can be replaced.
temporary=$out.building.$$
trap 'rm -rf "$temporary"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$temporary" "$out"
build() {
    CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags 'no_btrfs no_devmapper no_zfs' -ldflags "$flags" \
        -o "$temporary/$1" "$2"
}
build node .
build containerd-shim-runc-v2 ./shim
build pause ./pause
for program in containerd-shim-runc-v2 pause node; do
    mv "$temporary/$program" "$out/$program"
done
echo "built $out" >&2
