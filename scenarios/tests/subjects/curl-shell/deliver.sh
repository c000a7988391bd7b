#!/bin/sh
# Everything kept, each ticket (epoch, sequence) once, as CSV with a header.
echo epoch,sequence,way,type,communication,extension,name,number,account,date,time,ringing,duration,first,access,line,units,cost,currency,dialling,service,wake,state
find "$OXO_WORK/rows" -type f -exec cat {} + 2>/dev/null | LC_ALL=C sort -t, -u -k1,1 -k2,2n
