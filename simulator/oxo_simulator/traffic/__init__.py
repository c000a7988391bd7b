"""Traffic: what the people around an exchange do in a day or a month, drawn from a seed."""
