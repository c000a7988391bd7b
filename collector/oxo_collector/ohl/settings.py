"""The hotel link in the configuration: the table `[exchange.ohl]`."""

from oxo_collector.section import Address, Pauses, Port, Seconds


class Ohl(Pauses):
    """The hotel link of an exchange (facts: oxo 4.1). Times are in seconds."""

    address: Address
    port: Port = 5010
    connect_seconds_max: Seconds = 10.0
    silence_seconds_max: Seconds = 60.0
