#!/bin/sh
# Mirrors the folder of the account files until SIGTERM. A file lies under its name when it is whole.
set -eu

mkdir -p "$OXO_WORK/files"
export LFTP_PASSWORD="$OXO_ACCOUNT_PASSWORD"
cat > "$OXO_WORK/mirror.lftp" <<END
set ftp:ssl-allow no
set net:timeout 2
set net:max-retries 1
set net:reconnect-interval-base 1
set xfer:use-temp-file yes
set xfer:temp-file-name .in.*
open --env-password -u "$OXO_ACCOUNT_USER" "ftp://$OXO_ACCOUNT_HOST:$OXO_ACCOUNT_PORT"
mirror --ignore-time --no-perms --include-glob "TAX*.DAT" "$OXO_ACCOUNT_FOLDER" "$OXO_WORK/files"
END

trap 'exit 0' TERM
echo "collecting from $OXO_ACCOUNT_HOST"
while :; do
    lftp -f "$OXO_WORK/mirror.lftp" < /dev/null &
    wait $! || true
    sleep 0.2
done
