"""The account wire as a conversation."""

from oxo_collector.configuration import Exchange
from oxo_collector.conversation import Conversation
from oxo_collector.section import ConfigurationRefused


def make(exchange: Exchange, key: str) -> Conversation:
    """Return the conversation; `key` names the table in the configuration, for errors.

    Raises:
        ConfigurationRefused: a secret cannot be read.
    """
    assert exchange.account is not None
    raise ConfigurationRefused(f"{key}: this collector does not fetch account files")
