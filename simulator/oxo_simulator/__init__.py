"""A simulated OXO Connect: telephony, tickets, the wires they leave by, the link in front."""
