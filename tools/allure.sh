#!/bin/sh
# Renders the Allure results of a run bundle: tools/allure.sh BUNDLE writes BUNDLE/allure/index.html, one file.
# Exit 2: no such bundle or no results in it; 3: Node is not installed.
set -eu
bundle=${1:?"usage: tools/allure.sh BUNDLE"}
if [ ! -d "$bundle/allure-results" ]; then
  echo "allure: $bundle/allure-results: no such folder; name the folder of one run" >&2
  exit 2
fi
if ! command -v npx >/dev/null 2>&1; then
  echo "allure: skipped: npx (Node 20 or later) is not installed; the results stay in $bundle/allure-results" >&2
  exit 3
fi
npx --yes allure@3.18.0 awesome --single-file --group-by feature --report-name "Interoperability run" --output "$bundle/allure" "$bundle/allure-results"
echo "$bundle/allure/index.html"
