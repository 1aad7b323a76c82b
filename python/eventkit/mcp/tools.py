"""Answers the calls of the tools `recommend_sessions`, `explain_session` and `search_programme`.

`eventkit.mcp.itinerary` has the other two. An answer is text that is complete by itself, because
many clients drop the structured result, and short, because a model reads every word of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eventkit.errors import InternalError
from eventkit.mcp import itinerary, notes
from eventkit.mcp.arguments import Arguments
from eventkit.mcp.clean import clean, clean_data
from eventkit.mcp.declaration import tool_named
from eventkit.mcp.lines import counted, row_of, session_lines, slot_of, when
from eventkit.mcp.listing import rows_and_lines
from eventkit.mcp.programme import Programme, key_of
from eventkit.mcp.reply import Refused, Reply

__all__ = ["TOP", "call_tool"]

TOP, MOST, MOST_FOUND, TOPICS = 5, 50, 100, 40
_FEW_TOPICS = 8


def call_tool(programme: Programme, name: str, given: Mapping[str, Any] | None) -> Reply:
    """Answer one call. Whatever is wrong with it becomes an answer that says what to do.

    Args:
        programme: The sessions.
        name: The name of a tool.
        given: Its arguments.

    Raises:
        KeyError: There is no such tool.

    Example:
        >>> from eventkit import Catalog
        >>> programme = Programme(Catalog([{"id": "a", "title": "Running Kubernetes"}]))
        >>> reply = call_tool(programme, "recommend_sessions", {"interests": ["k8s"]})
        >>> print(reply.text.splitlines()[1])
        a | Running Kubernetes | no time | no room | k8s | 0.30
    """
    tool = tool_named(name)
    if tool is None:
        raise KeyError(name)
    try:
        return _ANSWERS[name](programme, Arguments(tool, given))
    except Refused as refusal:
        return Reply(str(refusal), is_error=True)
    except (ValueError, RuntimeError) as error:
        if isinstance(error, InternalError):
            raise
        # The engine's own words: it names the value and what it expected.
        return Reply(f"Cannot answer: {clean(error)}.", is_error=True)


def _recommend(programme: Programme, arguments: Arguments) -> Reply:
    interests = arguments.interests()
    top = arguments.whole("top", TOP, 1, MOST)
    day = arguments.day()
    answer = programme.recommend(interests, top, day)
    rows, lines = rows_and_lines(programme, interests, answer, all_match=True)
    said = notes.of_interests(answer["understood"])
    if _has_conflict(answer["sessions"]):
        said.append("Some of these run at the same time: plan_itinerary chooses among them.")
    data = {"sessions": rows, "unmatched": notes.unmatched(answer["understood"]), "notes": said}
    head = f"{counted(len(rows))} of {programme.name}, best first: {notes.COLUMNS}"
    if not rows:
        head = f"No session of {programme.name} matches."
        lines = [_topics_line(programme)]
    return Reply("\n".join([head, *lines, *said]), data)


def _has_conflict(sessions: list[Any]) -> bool:
    """Return true if two sessions have the same time, with the day where they have one."""
    slots = [str(slot_of(session)) for session in sessions if slot_of(session)[0] is not None]
    return len(set(slots)) < len(slots)


def _explain(programme: Programme, arguments: Arguments) -> Reply:
    name = arguments.line("session", "Send the id or title of a session.") or ""
    interests = arguments.interests()
    top = arguments.whole("top", TOP, 1, MOST)
    session = programme.find(name)
    found: Any = programme.catalog.why_not(
        programme.handle(session), interests, top, understand=True
    )
    (matched,) = programme.matched([session], interests)
    row = row_of(session, matched, found["score"])
    shown = key_of(session) in set(map(key_of, programme.recommend(interests, top)["sessions"]))
    terms = [
        f"  {term['weight']:.2f} {clean(term['word'])}: {clean(term['term'])}"
        f" ({term['how']}, in {', '.join(term['fields'])})"
        for term in found["terms"]
    ]
    lines = [
        *session_lines([session], [row], [row.get("id", "")]),
        _score_line(programme, session, interests, found["score"]),
        *terms,
        *_standing(programme, found, shown, top),
        *notes.of_interests(found["understood"]),
    ]
    data = {
        "session": row,
        "score": row["score"],
        "recommended": shown,
        "terms": clean_data(found["terms"]),
        "changes": clean_data(found["changes"]),
    }
    if found["rank"] is not None:
        data["rank"] = found["rank"]
    return Reply("\n".join(lines), data)


def _score_line(programme: Programme, session: Any, interests: list[str], score: float) -> str:
    """Return the score as a sum; alone if another session has the same title."""
    title = str(session.get("title"))
    explained: Any = programme.catalog.explain(title, interests, understand=True)
    if programme.catalog.score(title, [])["session"] != session:
        return f"score {score:.2f}, of which for its terms:"
    contributions = explained["contributions"].items()
    parts = ", ".join(f"{part.replace('_', ' ')} {value:.2f}" for part, value in contributions)
    return f"score {score:.2f} = {parts}"


def _standing(programme: Programme, found: Any, shown: bool, top: int) -> list[str]:
    """Return whether a session is recommended, its rank, and what would change it."""
    rank = "it matches no interest"
    if found["rank"] is not None:
        rank = f"rank {found['rank']} of {len(programme.catalog):,}"
    verdict = "Recommended" if shown else "Not recommended"
    lines = [f"{verdict}: {rank}, {top} asked for."]
    if shown != found["shown"]:
        lines.append("By score alone it would be otherwise: places are shared among interests.")
    return lines if shown or found["shown"] else [*lines, *_lacking(found)]


def _lacking(found: Any) -> list[str]:
    """Return the gap between a session's score and that of the last one that is recommended."""
    lines = []
    if found["last"] is not None and found["gap"] is not None:
        lines.append(f"{clean(found['last'])}, the last by score, is {found['gap']:.2f} ahead.")
    if found["slot_taken_by"] is not None:
        lines.append(f"At the same time, and before it: {clean(found['slot_taken_by'])}.")
    lines += [f"To bring it in, {' and '.join(map(_step, change))}." for change in found["changes"]]
    return lines if found["changes"] else [*lines, "No change of up to three steps brings it in."]


def _step(step: Any) -> str:
    if "add_interest" in step:
        return f"add the interest {clean(step['add_interest'])}"
    if "raise_weight" in step:
        return f"raise the weight {step['raise_weight']} to {step['to']:g}"
    return f"drop the condition {clean(step['drop_filter'])}"


def _search(programme: Programme, arguments: Arguments) -> Reply:
    query, name = arguments.line("query"), arguments.line("session")
    if name is not None:
        return _alternatives(programme, name, query, arguments.whole("top", 10, 1, MOST_FOUND))
    if query is None:
        return _topics(programme, arguments.whole("top", TOPICS, 1, MOST_FOUND))
    top = arguments.whole("top", 10, 1, MOST_FOUND)
    answer: Any = programme.catalog.recommend([query.lower()], top, understand=True)
    (understood,) = answer["understood"]
    rows, lines = rows_and_lines(programme, [query.lower()], answer, all_match=True)
    matches = [
        {"term": clean(match["term"]), "how": match["how"], "sessions": match["sessions"]}
        for match in understood["matches"]
    ]
    how = "; ".join(f"{one['term']} ({one['how']}, {one['sessions']})" for one in matches[:8])
    head = f"{clean(query)}: {counted(understood['sessions'])}. It matches {how}."
    if not understood["sessions"]:
        head = f"No session of {programme.name} matches {clean(query)}."
        lines = [*notes.of_interests([understood]), _topics_line(programme)]
    elif understood["sessions"] > len(rows):
        head += f" The best {len(rows)}: {notes.COLUMNS}"
    data = {
        "sessions": rows,
        "matches": matches,
        "unmatched": notes.unmatched([understood]),
        "count": understood["sessions"],
    }
    return Reply("\n".join([head, *lines]), data)


def _alternatives(programme: Programme, name: str, query: str | None, top: int) -> Reply:
    """Answer what else runs at the time of a session."""
    session = programme.find(name)
    interests = [] if query is None else [query.lower()]
    found: Any = programme.catalog.alternatives(
        programme.handle(session), interests, top, understand=True
    )
    if "error" in found:
        raise Refused(f"{clean(session.get('title'))} has no time to compare with.")
    rows, lines = rows_and_lines(programme, interests, found)
    slot = f"{clean(session.get('title'))} ({when(*slot_of(session))})"
    head = f"{counted(len(rows))} at the time of {slot}: {notes.COLUMNS}"
    if not rows:
        head = f"Nothing else runs at the time of {slot}."
    said = notes.of_interests(found.get("understood", []))
    return Reply("\n".join([head, *lines, *said]), {"sessions": rows, "notes": said})


def _topics(programme: Programme, top: int) -> Reply:
    """Answer which topics there are."""
    shown = programme.topics[:top]
    more = len(programme.topics) - len(shown)
    head = f"{programme.name}: {counted(len(programme.catalog))}"
    if programme.days:
        head += f", on {', '.join(programme.days[:10])}"
    lines = [f"{head}.", f"{len(programme.topics)} topics, with the number of sessions:"]
    lines.append(", ".join(f"{topic} {count}" for topic, count in shown) or "none")
    if more:
        lines.append(f"and {more} more: send top, or query with a word.")
    topics = [{"topic": topic, "sessions": count} for topic, count in shown]
    return Reply("\n".join(lines), {"sessions": [], "topics": topics, "days": programme.days})


def _topics_line(programme: Programme) -> str:
    topics = ", ".join(topic for topic, _ in programme.topics[:_FEW_TOPICS])
    return f"Frequent topics: {topics or 'none'}. search_programme lists all."


_ANSWERS: dict[str, Callable[[Programme, Arguments], Reply]] = {
    "recommend_sessions": _recommend,
    "explain_session": _explain,
    "plan_itinerary": itinerary.plan,
    "search_programme": _search,
    "export_itinerary": itinerary.export,
}
