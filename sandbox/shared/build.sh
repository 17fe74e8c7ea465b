#!/bin/sh
# What the build scripts of the sandbox's programs share; they read it, nobody runs it.

# one_argument NAME ARGUMENT...: ends with the usage unless there is exactly one.
one_argument() {
    if [ $# -ne 2 ] || [ -z "$2" ]; then
        echo "usage: $0 $1" >&2
        exit 2
    fi
}

# need_go ARGUMENT: says where Go is to be had where it is missing.
need_go() {
    if ! command -v go >/dev/null 2>&1; then
        echo "error: go was not found" >&2
        echo "hint: install Go from https://go.dev/dl/ and run \`$0 $1\` again" >&2
        exit 1
    fi
}

# absolute PATH: the path from the root.
absolute() {
    case $1 in
        /*) echo "$1" ;;
        *) echo "$PWD/$1" ;;
    esac
}
