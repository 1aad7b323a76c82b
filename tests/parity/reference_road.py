"""`eventkit.functions` as it would be if there were no road but the reference's."""

from __future__ import annotations

from functools import partial
from unittest import mock

from eventkit import reference
from eventkit.manifest import find_sessions

build_adaptive_card = reference.build_adaptive_card
build_itinerary_markdown = reference.build_itinerary_markdown
count_conflicts = reference.count_conflicts
normalize_interests = reference.normalize_interests
recommend_from_graph = reference.recommend_from_graph
score_session = reference.score_session
transform_events = reference.transform_events


def _looking_in(directories):
    """The reference, with the directories that the module under test looks in."""
    look_up = partial(find_sessions, directories=directories)
    return mock.patch.object(reference, "get_sessions", look_up)


def recommend_with(manifest, interests, top, directories):
    with _looking_in(directories):
        return reference.recommend(manifest, interests, top)


def explain_with(manifest, title, interests, directories):
    with _looking_in(directories):
        return reference.explain(manifest, title, interests)
