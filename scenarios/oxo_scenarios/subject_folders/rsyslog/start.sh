#!/bin/sh
# Writes a configuration of rsyslog from the environment of the door, then becomes rsyslogd.
set -eu

cat > "$OXO_WORK/rsyslog.conf" <<END
global(workDirectory="$OXO_WORK" parser.escapeControlCharactersOnReceive="off")
module(load="imtcp" maxSessions="20")
input(type="imtcp" address="127.0.0.1" port="$OXO_V24_LISTEN_PORT" ruleset="statement"
      supportOctetCountedFraming="off")
template(name="raw" type="string" string="%rawmsg%\n")
ruleset(name="statement") {
    action(type="omfile" file="$OXO_WORK/statement.txt" template="raw" fileCreateMode="0600")
}
END

exec rsyslogd -n -f "$OXO_WORK/rsyslog.conf" -i "$OXO_WORK/rsyslog.pid"
