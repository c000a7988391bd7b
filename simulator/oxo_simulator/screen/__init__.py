"""The living screen of `oxo-sim run` on a terminal: what the exchange does, and a line for orders.

It is a client of the control API like any other, in a thread of its own: a terminal that takes
nothing (a stalled connection, a stopped output) keeps nobody waiting but the screen.

    keys ──► prompt ──► words (the subcommands) ──► control API
    control API ──► view ──► drawing ──► terminal

`view`, `drawing` and `prompt` are pure; `shell` holds terminal and thread.
"""
