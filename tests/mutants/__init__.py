"""Agents that differ a little from the one in `fixtures`, and what compares their answers."""
