"""From bytes of a wire to tickets: pure, without socket, clock or file.

Each wire has two layers. The *codec* turns bytes into records in the wire's own names; the
*mapping* turns a record into a `Ticket`. What cannot be read is a value, `Malformed`, which keeps
the bytes: no input raises, and nothing of it is lost.
"""
