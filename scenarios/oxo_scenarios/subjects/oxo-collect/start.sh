#!/bin/sh
# Writes the collector's configuration from the environment of the door, then becomes the collector.
# One table for each wire that is open in the play (OXO_DOORS). Passwords stay in the environment:
# the file names the variables that hold them.
set -eu

# toml VALUE: the value as a TOML string.
toml() {
    printf '"%s"' "$(printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g')"
}

# pauses: how soon it tries again.
pauses() {
    printf 'connect_seconds_max = 2\n'
    printf 'rest_seconds_first = 0.1\n'
    printf 'rest_seconds_max = 0.5\n'
}

taxation() {
    printf 'address = %s\n' "$(toml "$OXO_HOST")"
    printf 'port = %s\n' "$OXO_PORT"
    printf 'user = %s\n' "$(toml "$OXO_USER")"
    printf 'password_env = "OXO_PASSWORD"\n'
    printf 'ca_file = %s\n' "$(toml "$OXO_CA_FILE")"
    printf 'contract = %s\n' "$(toml "$OXO_CONTRACT_FILE")"
    printf 'poll_seconds = 0.2\n'
    printf 'read_seconds_max = 2\n'
    pauses
    if [ -n "${OXO_PROXY_HOST:-}" ]; then
        printf '\n[exchange.proxy]\n'
        printf 'address = %s\n' "$(toml "$OXO_PROXY_HOST")"
        printf 'port = %s\n' "$OXO_PROXY_PORT"
        if [ -n "${OXO_PROXY_USER:-}" ]; then
            printf 'user = %s\n' "$(toml "$OXO_PROXY_USER")"
            printf 'password_env = "OXO_PROXY_PASSWORD"\n'
        fi
    fi
}

nmc() {
    printf '\n[exchange.nmc]\n'
    printf 'address = %s\n' "$(toml "$OXO_NMC_HOST")"
    printf 'port = %s\n' "$OXO_NMC_PORT"
    printf 'user = %s\n' "$(toml "$OXO_NMC_USER")"
    printf 'password_env = "OXO_NMC_PASSWORD"\n'
    if [ "${OXO_NMC_TLS:-off}" != off ]; then
        printf 'tls = "explicit"\n'
        printf 'ca_file = %s\n' "$(toml "$OXO_CA_FILE")"
    fi
    printf 'poll_seconds = 0.2\n'
    printf 'read_seconds_max = 2\n'
    pauses
}

v24() {
    printf '\n[exchange.v24]\n'
    printf 'connect = %s\n' "$(toml "$OXO_V24_HOST:$OXO_V24_PORT")"
    printf 'silence_seconds_max = 5\n'      # a link that is half dead heals within a play
    pauses
}

ohl() {
    printf '\n[exchange.ohl]\n'
    printf 'address = %s\n' "$(toml "$OXO_OHL_HOST")"
    printf 'port = %s\n' "$OXO_OHL_PORT"
    pauses
}

account() {
    printf '\n[exchange.account]\n'
    printf 'address = %s\n' "$(toml "$OXO_ACCOUNT_HOST")"
    printf 'port = %s\n' "$OXO_ACCOUNT_PORT"
    printf 'user = %s\n' "$(toml "$OXO_ACCOUNT_USER")"
    printf 'password_env = "OXO_ACCOUNT_PASSWORD"\n'
    printf 'transfer = %s\n' "$(toml "$OXO_ACCOUNT_TRANSFER")"
    printf 'folder = %s\n' "$(toml "$OXO_ACCOUNT_FOLDER")"
    if [ -n "${OXO_ACCOUNT_KNOWN_HOSTS:-}" ]; then
        printf 'host_key_file = %s\n' "$(toml "$OXO_ACCOUNT_KNOWN_HOSTS")"
    fi
    printf 'poll_seconds = 0.3\n'
    printf 'settle_seconds = 0.2\n'
    printf 'read_seconds_max = 10\n'
    pauses
}

stream() {
    printf '\n[exchange.stream]\n'
    printf 'address = %s\n' "$(toml "$OXO_STREAM_HOST:$OXO_STREAM_PORT")"
    printf 'second_address = %s\n' "$(toml "$OXO_STREAM_HOST:$OXO_STREAM_SECOND_PORT")"
    pauses
}

configuration="$OXO_WORK/collector.toml"
umask 077
{
    printf 'store = "tickets.db"\n\n[[exchange]]\n'
    printf 'name = %s\n' "$(toml "$OXO_EXCHANGE")"
    printf 'zone = %s\n' "$(toml "$OXO_ZONE")"
    for door in $OXO_DOORS; do
        case "$door" in
            taxation | nmc | v24 | ohl | account | stream) "$door" ;;
            *) echo "no wire $door" >&2; exit 2 ;;
        esac
    done
} > "$configuration"

exec oxo-collect run --config "$configuration"
