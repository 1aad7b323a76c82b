"""Agents that differ a little from the one in `fixtures`, and proof that none is answered wrongly."""
