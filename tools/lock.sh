#!/bin/sh
# Writes the hash-locked requirement files anew from the ranges in pyproject.toml (needs uv).
set -eu
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "tools/lock.sh" "$@"; }
compile --group build -o requirements/build.txt
compile pyproject.toml -o requirements/runtime.txt
compile pyproject.toml --group build --group dev -c requirements/runtime.txt -c requirements/build.txt -o requirements/development.txt
