#!/bin/sh
# A call ticket collector in shell and curl: log in, fetch, keep, acknowledge, again.
# Kept means: a file per batch, synchronised and renamed, before the exchange is told.
set -u
trap 'exit 0' TERM INT
here=$(dirname "$0")
rows=$OXO_WORK/rows
jar=$OXO_WORK/cookies
mkdir -p "$rows"

ask() { # operation, its elements: prints the answer, fails on anything but 200
    {
        printf 'user = "%s:%s"\n' "$OXO_USER" "$OXO_PASSWORD"
        [ -z "${OXO_PROXY_HOST:-}" ] || printf 'proxy = "http://%s:%s"\nproxy-user = "%s:%s"\n' \
            "$OXO_PROXY_HOST" "$OXO_PROXY_PORT" "$OXO_PROXY_USER" "$OXO_PROXY_PASSWORD"
    } | curl --config - --silent --show-error --fail --max-time 3 --cacert "$OXO_CA_FILE" \
        --cookie "$jar" --cookie-jar "$jar" --header 'Content-Type: text/xml; charset=utf-8' \
        --data "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><$1 xmlns='urn:oxo-sim:taxation:1'>$2</$1></s:Body></s:Envelope>" \
        "$OXO_URL"
}

value() { # element: prints its text in the answer
    printf '%s' "$answer" | tr '\n' ' ' | sed -n "s/.*<\([a-z0-9]*:\)\{0,1\}$1>\([^<]*\)<.*/\2/p"
}

echo "collecting from $OXO_URL"
while :; do
    if answer=$(ask Login ''); then
        epoch=$(value epoch)
        while answer=$(ask GetTickets '<maxTickets>20</maxTickets><waitSeconds>0</waitSeconds>'); do
            last=$(value lastSequence)
            if [ "${last:-0}" -gt 0 ]; then
                printf '%s' "$answer" |
                    awk -v epoch="$epoch" -v sequence="$(value firstSequence)" -f "$here/tickets.awk" \
                        >"$OXO_WORK/batch" || exit 1
                sync "$OXO_WORK/batch" && mv "$OXO_WORK/batch" "$rows/$epoch-$last" && sync "$rows" || exit 1
                ask AckTickets "<lastSequence>$last</lastSequence>" >/dev/null || break
            fi
            sleep 0.1
        done
    fi
    sleep 0.2
done
