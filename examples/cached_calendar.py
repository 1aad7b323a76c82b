"""Recommends meetings of a Microsoft Graph calendar, through a cache.

Set GRAPH_TENANT_ID, GRAPH_CLIENT_ID, GRAPH_CLIENT_SECRET and GRAPH_USER_ID. Without an app
registration, the simulator in `tests` can take Graph's place: it sets them for a command.

$ PYTHONPATH=tests python -m graph_simulator python examples/cached_calendar.py
['Rust meeting 2', 'Web meeting 3']
1 fetch for 2 recommendations
"""

from eventkit.graph import CachedGraphEventService, GraphEventService, GraphSettings

settings = GraphSettings.from_environment()
with GraphEventService(settings) as service:
    cached = CachedGraphEventService(service, cache_ttl=300)
    for _ in range(2):
        found = cached.recommend(settings.user_id, ["rust"], 2)
    print([session["title"] for session in found["sessions"]])
    print(f"{cached.stats()['misses']} fetch for 2 recommendations")
