"""A Microsoft Graph of our own on loopback: tokens, calendars with paging and delta, and faults.

In a test (`tests` is on the path under pytest)::

    from graph_simulator import GraphSimulator, make_event

    with GraphSimulator() as graph:  # a real HTTP server on a free port of 127.0.0.1
        graph.put("ann@example.com", make_event(1), make_event(2))
        service = GraphEventService(GraphSettings.from_environment(graph.environment()))
        service.get_events(user_id="ann@example.com")
        graph.calls("events")  # the requests it got: path, query, headers, time.monotonic()
        graph.fail(status(429, {"Retry-After": "5"}))  # the next events request only
        graph.fail(status(503), times=3, page=2, on="events")  # or "delta", "token"
        graph.revoke_tokens()  # 401 for whatever was issued so far

The faults are functions of `graph_simulator.faults`; each says what it does. On the command line::

    python -m graph_simulator --events 8 eventkit recommend --source graph --interests agents
    python -m graph_simulator            # serves until interrupted, printing its GRAPH_* variables

(with `tests` in PYTHONPATH). The first starts the simulator, runs the command with GRAPH_* set, and
ends with its exit status.
"""

from graph_simulator.calendar import Calendar, make_event
from graph_simulator.faults import (
    bad_gzip,
    body,
    gzip_bomb,
    hang,
    huge,
    link,
    reset,
    status,
    trickle,
    truncated,
    wrong_length,
)
from graph_simulator.server import Call, GraphSimulator

__all__ = [
    "Calendar",
    "Call",
    "GraphSimulator",
    "bad_gzip",
    "body",
    "gzip_bomb",
    "hang",
    "huge",
    "link",
    "make_event",
    "reset",
    "status",
    "trickle",
    "truncated",
    "wrong_length",
]
