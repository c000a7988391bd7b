"""The exchange itself: telephony, tickets, buffer, life. Pure; time and chance are arguments."""
