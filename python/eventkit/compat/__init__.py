"""The original agent's modules, under their own names.

Replace ``import agent`` by ``from eventkit.compat import agent``: the functions and parameters are
the same, and eventkit's engine computes the results. One thing differs: to replace a function of
the module (``agent.score_session = mine``) does not change what the other functions compute.
"""

from eventkit._imports import lazy_modules

__getattr__ = lazy_modules(
    __name__,
    frozenset({"agent", "agents_sdk_adapter", "core", "errors", "graph_auth", "graph_service"}),
)
