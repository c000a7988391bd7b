"""Make spyne 2.14 importable and quiet; every import of spyne goes through here first.

Four things are put right, each found by running the service (facts: tech 1.2, 2.1):

* spyne carries a copy of six 1.14, whose importer Python 3.12 no longer understands. The real
  six stands in for it, as a copy of the module, so that the six of others stays as it is.
* spyne logs every fault with a stack trace. What a peer did wrong is in the ledger and in the
  transcript; what the exchange did wrong is logged by `contract`.
* spyne collects garbage when a request ends, once a second at most, whatever the heap holds.
* spyne's source has escapes that Python 3.12 warns of when it compiles them, and imports `cgi`.
  Neither is news to anyone; where warnings are errors they would be in the way.

`SPYNE_VERSION` is the version this was tried with; a test refuses any other.
"""

import importlib
import logging
import operator
import sys
import warnings
from types import ModuleType

SPYNE_VERSION = "2.14.0"

_USED = ("spyne", "spyne.interface.wsdl", "spyne.protocol.soap", "spyne.server.http")
_MOVED = (
    "collections_abc",
    "http_cookies",
    "urllib",
    "urllib.error",
    "urllib.parse",
    "urllib.request",
)


def _copy_of_six() -> ModuleType:
    six = importlib.import_module("six")
    copy = ModuleType("spyne.util.six")
    copy.__dict__.update({k: v for k, v in vars(six).items() if not k.startswith("__")})
    copy.__path__ = []
    # spyne's private addition to its copy:
    vars(copy)["get_function_name"] = operator.attrgetter("__name__")
    return copy


def _stand_in_for_six() -> None:
    if "spyne.util.six" in sys.modules:
        return
    sys.modules["spyne.util.six"] = _copy_of_six()
    sys.modules["spyne.util.six.moves"] = importlib.import_module("six.moves")
    for name in _MOVED:
        sys.modules[f"spyne.util.six.moves.{name}"] = importlib.import_module(f"six.moves.{name}")


def _never_collect_garbage() -> None:
    vars(importlib.import_module("spyne.const"))["MIN_GC_INTERVAL"] = float("inf")


def _import_without_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _USED:
            importlib.import_module(name)


def prepare() -> None:
    """Put all four right; done once, when this module is imported."""
    logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)
    _stand_in_for_six()
    _import_without_warnings()
    _never_collect_garbage()


prepare()
