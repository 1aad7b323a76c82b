"""The original agent's modules, under its own names.

``from eventkit.compat import agent`` takes the place of ``import agent``: the same functions with
the same parameters, answered by eventkit's engine. What cannot be kept: replacing one function of
the module (``agent.score_session = mine``) does not change what the others compute.
"""
