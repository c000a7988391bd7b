#!/bin/sh
# A call ticket collector in shell and curl: log in, fetch, keep, acknowledge, again.
# Kept means: the answer as a file, synchronised and renamed, before the exchange is told.
trap 'exit 0' TERM INT
mkdir -p "$OXO_WORK/kept"
ask() { # operation, its elements: prints the answer, fails on anything but 200
    curl --config - --silent --show-error --fail --max-time 3 --cacert "$OXO_CA_FILE" \
        --cookie "$OXO_WORK/cookies" --cookie-jar "$OXO_WORK/cookies" --header 'Content-Type: text/xml; charset=utf-8' \
        --data "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><$1 xmlns='urn:oxo-sim:taxation:1'>$2</$1></s:Body></s:Envelope>" \
        "$OXO_URL" <<END
user = "$OXO_USER:$OXO_PASSWORD"
${OXO_PROXY_URL:+proxy = $OXO_PROXY_URL}
END
}
value() { behind=${answer#*"$1>"}; echo "${behind%%<*}"; } # element: prints its text in the answer
echo "collecting from $OXO_URL"
while sleep 0.2; do
    answer=$(ask Login) && epoch=$(value epoch) || continue
    while answer=$(ask GetTickets '<maxTickets>20</maxTickets><waitSeconds>0</waitSeconds>'); do
        last=$(value lastSequence)
        if [ "${last:-0}" -gt 0 ]; then
            printf '<epoch>%s</epoch>%s' "$epoch" "$answer" >"$OXO_WORK/new" && sync "$OXO_WORK/new" &&
                mv "$OXO_WORK/new" "$OXO_WORK/kept/$epoch-$last" && sync "$OXO_WORK/kept" || exit 1
            ask AckTickets "<lastSequence>$last</lastSequence>" >/dev/null || break
        fi
        sleep 0.1
    done
done
