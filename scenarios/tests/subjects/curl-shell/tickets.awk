# A list of CallAccounting elements in, one CSV row per ticket out.
# epoch and sequence (of the first ticket) are given; every record begins behind a "<".
BEGIN { RS = "<" }

function cell(tag,   text) {
    text = seen[tag]
    gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text)
    gsub(/&apos;/, "'", text); gsub(/&amp;/, "\\&", text); gsub(/"/, "\"\"", text)
    return ",\"" text "\""
}

{
    at = index($0, ">")
    tag = substr($0, 1, at - 1)
    sub(/[ \t\r\n\/].*$/, "", tag)
    if ($0 ~ /^\//) { tag = "/" substr($0, 2, at - 2) }
    sub(/[A-Za-z0-9]*:/, "", tag)
}
tag == "CallAccounting" { delete seen; next }
tag == "/CallAccounting" {
    way = seen["CommunicationType"] ~ /Incoming|BreakIn/ ? "incoming" : seen["CommunicationType"] == "" ? "" : "outgoing"
    seen["TrunkKind"] = substr(seen["TrunkID"], 1, 1)
    seen["Trunk"] = substr(seen["TrunkID"], 2)
    printf "%s,%d,%s", epoch, sequence++, way
    count = split("TicketType CommunicationType ChargedUserID SubscriberName DialledNumber BusinessCode Date Time RingingDuration CallDuration InitialUserID TrunkKind Trunk Units Cost Currency DialMode Service ReminderTime ReminderState", tags, " ")
    for (n = 1; n <= count; n++) printf "%s", cell(tags[n])
    print ""
    next
}
tag !~ /^\// { seen[tag] = substr($0, at + 1) }
