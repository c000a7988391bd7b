#!/bin/sh
# Every answer kept, as CSV with a header, each ticket (epoch, sequence) once. A record begins behind a "<".
cat "$OXO_WORK"/kept/* 2>/dev/null | awk 'BEGIN { RS = "<"; FS = ">"
    columns = split("TicketType CommunicationType ChargedUserID SubscriberName DialledNumber BusinessCode Date Time RingingDuration CallDuration InitialUserID TrunkKind Trunk Units Cost Currency DialMode Service ReminderTime ReminderState Facilities RoomStatus RoomProblem", name, " ")
    for (n = 1; n <= columns; n++) printf "%s%s", name[n], n < columns ? "," : "\n" }
{ tag = $1; sub(/[ \t\r\n].*/, "", tag); sub(/[A-Za-z0-9]+:/, "", tag)
    text = substr($0, length($1) + 2); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&apos;/, "\047", text)
    gsub(/&quot;/, "\"", text); gsub(/&amp;/, "\\&", text); gsub(/"/, "\"\"", text); seen[tag] = text }
tag == "CallAccounting" { delete seen }
tag == "firstSequence" { sequence = text; epoch = seen["epoch"] }
tag == "/CallAccounting" { seen["TrunkKind"] = substr(seen["TrunkID"], 1, 1); seen["Trunk"] = substr(seen["TrunkID"], 2); gsub(/ /, ";", seen["Facilities"])
    if (!told[epoch, sequence++]++)
        for (n = 1; n <= columns; n++) printf "\"%s\"%s", seen[name[n]], n < columns ? "," : "\n" }'
