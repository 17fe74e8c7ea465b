#!/bin/sh
# Builds devbox and its sandbox from this checkout and installs them for one user.
#
# Run again after a `git pull`: what did not change is neither built nor written again. A program
# that runs meanwhile keeps running: the file is replaced, not overwritten.
# shellcheck disable=SC2016 # backticks quote commands in messages
set -eu

usage() {
    cat <<'TEXT'
Builds devbox from this checkout and installs it.

Usage: ./install.sh [--to DIR] [--no-sandbox | --containers]

Options:
  --to DIR       Install below DIR; the default is ~/.local
                   DIR/bin/devbox
                   DIR/libexec/devbox/devbox-sandbox
  --containers   Build and install the sandbox's node that runs containers, too (Linux)
                   DIR/libexec/devbox/devbox-sandbox-containers/
  --no-sandbox   Leave out the sandbox (needs no Go; `devbox init --sandbox` will not work)
  --help         Print this

Needs Rust, a C compiler and, for the sandbox, Go. CARGO_TARGET_DIR is where it builds.
TEXT
}

wrong() {
    printf 'error: %s\n  hint: `%s --help` lists the options\n' "$1" "$0" >&2
    exit 2
}

say() {
    printf '%s\n' "$*"
}

from=$PWD
absolute() {
    case $1 in
        /*) printf '%s\n' "$1" ;;
        *) printf '%s\n' "$from/$1" ;;
    esac
}

to=
sandbox=yes
containers=no
while [ $# -gt 0 ]; do
    case $1 in
        --to)
            [ $# -ge 2 ] || wrong '`--to` needs a folder'
            to=$2
            shift
            ;;
        --to=*) to=${1#--to=} ;;
        --no-sandbox) sandbox=no ;;
        --containers) containers=yes ;;
        --help | -h)
            usage
            exit 0
            ;;
        *) wrong "unknown option \`$1\`" ;;
    esac
    shift
done
[ "$sandbox$containers" != noyes ] || wrong '`--containers` is a part of the sandbox'
if [ -z "$to" ]; then
    [ -n "${HOME:-}" ] || wrong '`HOME` is not set: say where with `--to DIR`'
    to=$HOME/.local
fi
to=$(absolute "$to")
target=${CARGO_TARGET_DIR:+$(absolute "$CARGO_TARGET_DIR")}
cd "$(dirname "$0")"
root=$(pwd -P)
target=${target:-$root/target}

# --- What is missing ---------------------------------------------------------------------------

# The first version is the second or newer: numbers and dots only.
at_least() {
    printf '%s %s\n' "$1" "$2" | awk '{
        n = split($1, have, "."); m = split($2, want, ".")
        for (i = 1; i <= (n > m ? n : m); i++) {
            if (have[i] + 0 > want[i] + 0) exit 0
            if (have[i] + 0 < want[i] + 0) exit 1
        }
    }'
}

system() {
    if [ "$(uname -s)" = Darwin ]; then
        echo macos
        return
    fi
    [ -r /etc/os-release ] || return 0
    # shellcheck source=/dev/null
    case " $(. /etc/os-release && printf '%s %s' "${ID:-}" "${ID_LIKE:-}") " in
        *" debian "* | *" ubuntu "*) echo debian ;;
        *" fedora "* | *" rhel "*) echo fedora ;;
    esac
}
system=$(system)

# Prints how to get something on this system; on an unknown one, on each that we know.
how() {
    case $system in
        debian) say "    $1" ;;
        fedora) say "    $2" ;;
        macos) say "    $3" ;;
        *)
            say "    Debian, Ubuntu:  $1"
            say "    Fedora:          $2"
            say "    macOS:           $3"
            ;;
    esac
}

missing=
needs() {
    [ -n "$missing" ] || say 'Before devbox can be built, this is missing:' >&2
    missing=yes
    printf '\n  %s\n' "$1" >&2
}

msrv=$(sed -n 's/^rust-version *= *"\(.*\)"$/\1/p' Cargo.toml)
rustup='curl --proto "=https" --tlsv1.2 -sSf https://sh.rustup.rs | sh'
rust=$(rustc --version 2>/dev/null | awk '{ sub(/-.*/, "", $2); print $2 }') || rust=
if [ -z "$rust" ] || ! command -v cargo >/dev/null 2>&1; then
    needs "Rust $msrv or newer"
    say "    $rustup" >&2
elif ! at_least "$rust" "$msrv"; then
    needs "Rust $msrv or newer (this is $rust)"
    if command -v rustup >/dev/null 2>&1; then
        say '    rustup update stable && rustup default stable' >&2
    else
        say "    $rustup" >&2
    fi
fi

# libgit2 and the cryptography are C, and Rust links with it.
if ! printf '#include <stdio.h>\n' | ${CC:-cc} -x c -fsyntax-only - >/dev/null 2>&1; then
    needs 'a C compiler (`cc`) with the C library'\''s headers'
    how 'sudo apt-get install gcc libc6-dev' 'sudo dnf install gcc glibc-devel' 'xcode-select --install' >&2
fi

if [ "$sandbox" = yes ]; then
    wanted=$(sed -n 's/^go \(.*\)$/\1/p' sandbox/go.mod)
    go=$(cd / && go env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*//') || go=
    # From 1.21 on, Go fetches the version that a module asks for, unless it is told not to.
    fetches=no
    if [ -n "$go" ] && at_least "$go" 1.21; then
        case $(cd / && go env GOTOOLCHAIN) in auto | *+auto) fetches=yes ;; esac
    fi
    if [ -z "$go" ] || { ! at_least "$go" "$wanted" && [ "$fetches" = no ]; }; then
        needs "Go $wanted or newer, for the sandbox${go:+ (this is $go)}"
        how 'sudo apt-get install golang-go   (Debian 13, Ubuntu 24.04 or newer; else https://go.dev/dl/)' \
            'sudo dnf install golang' 'brew install go' >&2
        say '    or leave the sandbox out: --no-sandbox' >&2
    fi
fi

if [ -n "$missing" ]; then
    printf '\nThen run %s again. Nothing was built or installed.\n' "$0" >&2
    exit 1
fi

# --- Build -------------------------------------------------------------------------------------

new=
trap '[ -z "$new" ] || rm -f "$new"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say 'Building devbox (the first time takes some minutes)'
env -u CARGO_BUILD_TARGET cargo build --release --locked --bin devbox --target-dir "$target"
built=$target/release/devbox
if [ ! -x "$built" ]; then
    printf 'error: cargo did not leave a program at `%s`\n' "$built" >&2
    printf '  hint: is `build.target` set in a cargo configuration file?\n' >&2
    exit 1
fi

if [ "$sandbox" = yes ]; then
    built_sandbox=$target/release/devbox-sandbox
    # Folders too: a file that was removed leaves its folder newer.
    if [ -x "$built_sandbox" ] && [ -z "$(find sandbox -path sandbox/containers -prune -o -newer "$built_sandbox" -print)" ]; then
        say 'The sandbox is built already'
    else
        say 'Building the sandbox (the first time takes about 5 minutes)'
        sandbox/build.sh "$built_sandbox"
    fi
fi
built_containers=$target/release/devbox-sandbox-containers
if [ "$containers" = yes ]; then
    if [ -x "$built_containers/node" ] && [ -z "$(find sandbox/containers sandbox/shared -newer "$built_containers/node" -print)" ]; then
        say 'The containers node is built already'
    else
        say 'Building the containers node (the first time takes about 2 minutes)'
        sandbox/containers/build.sh "$built_containers"
    fi
fi

# --- Install -----------------------------------------------------------------------------------

place() {
    if cmp -s "$1" "$2"; then
        say "unchanged  $2"
        return
    fi
    verb=installed
    [ ! -e "$2" ] || verb='replaced '
    mkdir -p "$(dirname "$2")"
    # A new file in the same folder takes the name over: nobody sees half a program, and the old
    # one lives on for those who run it.
    new=$(dirname "$2")/.$(basename "$2").new.$$
    cp "$1" "$new"
    chmod 755 "$new"
    mv -f "$new" "$2"
    new=
    say "$verb  $2"
}

say
bin=$to/bin
place "$built" "$bin/devbox"
if [ "$sandbox" = yes ]; then
    place "$built_sandbox" "$to/libexec/devbox/devbox-sandbox"
fi
if [ "$containers" = yes ]; then
    # The node last: where it is, the others are.
    for program in containerd-shim-runc-v2 pause node; do
        place "$built_containers/$program" "$to/libexec/devbox/devbox-sandbox-containers/$program"
    done
fi

# --- What next ---------------------------------------------------------------------------------

say
found=$(command -v devbox 2>/dev/null) || found=
case ":$PATH:" in
    *":$bin:"*)
        if [ -n "$found" ] && [ "$found" != "$bin/devbox" ]; then
            say "\`$bin\` is on your PATH, but another devbox comes first: $found"
        else
            say "\`$bin\` is on your PATH: run \`devbox init\` in a repository."
        fi
        ;;
    *)
        say "\`$bin\` is not on your PATH. Add this line to your shell's start-up file:"
        case ${SHELL:-} in
            */fish) say "    fish_add_path '$bin'" ;;
            *) say "    export PATH=\"$bin:\$PATH\"" ;;
        esac
        ;;
esac
