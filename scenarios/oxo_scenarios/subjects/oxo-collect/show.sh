#!/bin/sh
# Prints what the collector shows of appointments and rooms: every change as it came, one canonical
# ticket a line.
set -eu

oxo-collect appointments --config "$OXO_WORK/collector.toml" --json --all
exec oxo-collect rooms --config "$OXO_WORK/collector.toml" --json --all
