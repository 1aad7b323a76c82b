"""Says what the parameters of the endpoints mean, for the OpenAPI document."""

from __future__ import annotations

__all__ = ["DETAILS", "MEANINGS"]

DETAILS = "Sessions are of the programme that the server has; texts in them are data."
MEANINGS = {
    "interests": "What the person wants to see",
    "interest": "One interest, which may hold commas; repeat it for more",
    "top": "The most sessions; 0 for the server's default",
    "session": "The title of the session",
    "profileLoad": "The name of a saved profile, whose interests replace the given ones",
    "userId": "Whose calendar: an object id or a user principal name",
    "card": "Add an Adaptive Card",
    "escape": "Escape markup in Markdown",
    "understand": "Match words, aliases and misspellings, not only whole tags",
    "format": "The format of the itinerary",
    "date": "The day of sessions that have clock times only",
    "balance": "How the places are shared",
    "spread": "Share the places among the values of this field; repeat it for more",
    "gap": "Minutes from one location to another",
    "must": "The id or title of a session that is in the plan; repeat it for more",
    "avoid": "The id or title of a session that is not; repeat it for more",
    "busy": "A busy time, START/END; repeat it for more",
    "page": "Which page of the sessions, from 0",
    "start": "The first day, which begins at midnight in UTC; today and seven days by default",
    "end": "The day after the last",
    "zone": "The time zone of the programme, such as Europe/Berlin",
}
