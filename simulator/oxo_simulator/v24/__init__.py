"""The V24 print-out over TCP: statements in columns, pages, flow control, one printer at a time.

`codec` places cells in columns, `mapping` finds the words of a ticket, `page` is the paper,
`machine` the conversation with the printer, `shell` the sockets, `settings` the profile's choices.
"""
