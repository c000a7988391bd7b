#!/bin/sh
# Prints what was collected so far: canonical tickets, one a line, in order of receipt.
set -eu

exec oxo-collect export --config "$OXO_WORK/collector.toml" --format ndjson
