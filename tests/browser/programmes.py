"""Programmes for the page: an ordinary one, and one that means harm."""

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}

HOSTILE_TITLES = [
    "<script>alert('script')</script><img src=x onerror=alert('image')>",
    "# **bold** [link](javascript:alert(1)) ![image](//elsewhere.invalid/x.png) `code`",
    "W" * 10_000,
    "words " * 1_667,
    "שלום עולם: מבוא",
    "{{DATE(2020-01-01T00:00:00Z)}} and {{TIME(2020-01-01T00:00:00Z)}} as they are",
    "\u202eright to left\u202c, overridden",
    "&lt;b&gt; &amp; \"quotes\" 'apostrophes' ${template} {{mustache}}",
    "two\nlines\tand a tab",
    "__proto__",
]


def programme(sessions):
    return {"weights": WEIGHTS, "sessions": sessions}


def hostile():
    """One session for each title, the first the most popular, so that they come in this order."""
    sessions = [
        {
            "title": title,
            "start": "09:00",
            "end": "10:00",
            "location": f"<b onmouseover=alert('room')>{place}</b>",
            "tags": ["ai", "<img src=x onerror=alert('tag')>", "x" * 200],
            "popularity": 1 - place / 20,
        }
        for place, title in enumerate(HOSTILE_TITLES)
    ]
    return programme(sessions)


def overlapping():
    """Two that overlap, one that begins as another ends, one over midnight, one without a time."""
    slots = [
        ("One", "2026-09-14T09:00:00+02:00", "2026-09-14T10:00:00+02:00"),
        ("Two", "2026-09-14T09:30:00+02:00", "2026-09-14T10:30:00+02:00"),
        ("Three", "2026-09-14T10:30:00+02:00", "2026-09-14T11:00:00+02:00"),
        ("Night", "2026-09-14T23:00:00+02:00", "2026-09-15T00:30:00+02:00"),
        ("Whenever", None, None),
    ]
    sessions = []
    for place, (title, start, end) in enumerate(slots):
        session = {"title": title, "tags": ["ai"], "popularity": 1 - place / 10}
        if start is not None:
            session |= {"start": start, "end": end, "location": "Hall"}
        sessions.append(session)
    return programme(sessions)
