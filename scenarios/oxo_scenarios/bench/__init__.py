"""The bench: the simulated exchange, the subject's process, the proxy, the waits and the evidence.

Nothing here judges. The bench plays, waits and writes down; the judge reads what it wrote.
"""
