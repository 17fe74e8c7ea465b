#!/usr/bin/env bash
# Writes the tests' small repositories as text archives into fuzz/corpus/detect, for the fuzzer to
# begin with: fuzz/seed.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

out=corpus/detect
mkdir -p "$out"
for project in ../tests/fixtures/projects/*/; do
    name=$(basename "$project")
    while IFS= read -r file; do
        printf -- '-- %s --\n' "$file"
        cat "$project$file"
        printf '\n'
    done < <(cd "$project" && find . -type f | sed 's#^\./##' | LC_ALL=C sort) >"$out/$name.txt"
done
echo "$(find "$out" -name '*.txt' | wc -l) seeds in fuzz/$out"
