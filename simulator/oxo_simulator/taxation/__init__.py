"""The taxation wire: SOAP over HTTPS, from tickets that wait to answers that leave."""

from oxo_simulator.taxation.answers import can_render
from oxo_simulator.taxation.settings import TaxationSettings
from oxo_simulator.taxation.shell import Taxation
from oxo_simulator.taxation.terms import outlet_terms

__all__ = ["Taxation", "TaxationSettings", "can_render", "outlet_terms"]
