#!/bin/sh
# Prints every file that was mirrored, unpacked, in the order of their names.
set -eu

for file in "$OXO_WORK"/files/TAX*.DAT; do
    [ ! -e "$file" ] || gzip -dc < "$file"
done
