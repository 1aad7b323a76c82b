"""Every way to change a manifest in place, as one table.

A snapshot of the manifest has to notice each of them. An edit takes a source of choices and a
`Workbench`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from faults import clean, spoil

Session = dict[str, Any]


class Talk:
    """Somebody's own object whose ``__dict__`` serves as a session."""

    def __init__(self, **fields: Any) -> None:
        self.title = fields["title"]
        self.tags = fields["tags"]
        self.popularity = fields["popularity"]


class Workbench:
    """A manifest under edit, and what its editor keeps beside it.

    Attributes:
        manifest: What the functions are called with.
        talks: Objects whose ``__dict__`` is among the sessions.
        spare: Whole lists that were swapped out, and may come back.
    """

    def __init__(self, rng: Random, size: int) -> None:
        sessions = [plain_session(rng, place) for place in range(size)]
        self.manifest: dict[str, Any] = {"weights": clean.clean_weights(rng), "sessions": sessions}
        self.talks: list[Talk] = []
        self.spare: list[list[Any]] = []
        self.made = size

    @property
    def sessions(self) -> list[Any]:
        found: list[Any] = self.manifest["sessions"]
        return found

    def new_session(self, rng: Random) -> Session:
        self.made += 1
        return plain_session(rng, self.made)

    def any_session(self, rng: Random) -> Session:
        """Choose a session; an empty list gets one first."""
        if not self.sessions:
            self.sessions.append(self.new_session(rng))
        return self.sessions[rng.randrange(len(self.sessions))]  # type: ignore[no-any-return]

    def any_tags(self, rng: Random) -> list[Any]:
        """Choose a list of tags that is not empty."""
        session = self.any_session(rng)
        if type(session.get("tags")) is not list:
            session["tags"] = []
        if not session["tags"]:
            session["tags"].append(rng.choice(clean.TAGS))
        return session["tags"]  # type: ignore[no-any-return]


def plain_session(rng: Random, place: int) -> Session:
    """Make a session that every fast road takes."""
    session: Session = {
        "title": f"Talk {place}",
        "tags": [rng.choice(clean.TAGS) for _ in range(rng.randrange(5))],
        "popularity": rng.choice(clean.GRID) if rng.randrange(2) else rng.choice(clean.TIES),
    }
    if rng.randrange(2):
        session["start"] = rng.choice(clean.SLOTS)
        session["end"] = rng.choice(clean.SLOTS)
    return session


def fresh_text(text: str) -> str:
    """Return an equal text that is another object (one-letter texts have only one)."""
    return "".join([text[:1], text[1:]]) if len(text) > 1 else text


# -- the list of sessions ------------------------------------------------------------------------


def append(rng: Random, bench: Workbench) -> None:
    bench.sessions.append(bench.new_session(rng))


def insert(rng: Random, bench: Workbench) -> None:
    bench.sessions.insert(rng.randrange(len(bench.sessions) + 1), bench.new_session(rng))


def extend(rng: Random, bench: Workbench) -> None:
    bench.manifest["sessions"] += [bench.new_session(rng) for _ in range(rng.randrange(4))]


def pop(rng: Random, bench: Workbench) -> None:
    if bench.sessions:
        bench.sessions.pop(rng.randrange(len(bench.sessions)))


def remove(rng: Random, bench: Workbench) -> None:
    bench.sessions.remove(bench.any_session(rng))


def replace_by_equal(rng: Random, bench: Workbench) -> None:
    place = bench.sessions.index(bench.any_session(rng))
    bench.sessions[place] = dict(bench.sessions[place])


def replace_at_same_address(rng: Random, bench: Workbench) -> None:
    """Free a session and make another, which often gets the dead one's memory."""
    place = bench.sessions.index(bench.any_session(rng))
    bench.sessions[place] = None
    bench.sessions[place] = bench.new_session(rng)


def swap(rng: Random, bench: Workbench) -> None:
    first = bench.sessions.index(bench.any_session(rng))
    second = rng.randrange(len(bench.sessions))
    items = bench.sessions
    items[first], items[second] = items[second], items[first]


def repeat_one(rng: Random, bench: Workbench) -> None:
    bench.sessions.append(bench.any_session(rng))


def reverse(rng: Random, bench: Workbench) -> None:
    bench.sessions.reverse()


def sort(rng: Random, bench: Workbench) -> None:
    bench.sessions.sort(key=lambda session: str(session.get("title")))


def shuffle(rng: Random, bench: Workbench) -> None:
    order = sorted(bench.sessions, key=lambda session: rng.random())
    bench.sessions[:] = order


def assign_slice(rng: Random, bench: Workbench) -> None:
    start = rng.randrange(len(bench.sessions) + 1)
    bench.sessions[start : start + 2] = [bench.new_session(rng), bench.new_session(rng)]


def delete_slice(rng: Random, bench: Workbench) -> None:
    start = rng.randrange(len(bench.sessions) + 1)
    del bench.sessions[start : start + 3]


def clear_and_refill(rng: Random, bench: Workbench) -> None:
    kept = list(bench.sessions)
    bench.sessions.clear()
    bench.sessions.extend(kept)


def swap_whole_list(rng: Random, bench: Workbench) -> None:
    bench.spare = [*bench.spare[-2:], bench.sessions]
    bench.manifest["sessions"] = list(bench.sessions)


def bring_back_a_list(rng: Random, bench: Workbench) -> None:
    if bench.spare:
        bench.manifest["sessions"] = rng.choice(bench.spare)


def copy_deeply(rng: Random, bench: Workbench) -> None:
    bench.manifest["sessions"] = [
        {**session, "tags": list(session["tags"])}
        if type(session.get("tags")) is list
        else dict(session)
        for session in bench.sessions
    ]


def new_manifest_same_list(rng: Random, bench: Workbench) -> None:
    bench.manifest = dict(bench.manifest)


def to_tuple_and_back(rng: Random, bench: Workbench) -> None:
    frozen = tuple(bench.sessions)
    bench.manifest["sessions"] = list(frozen)


# -- tags ----------------------------------------------------------------------------------------


def assign_tag(rng: Random, bench: Workbench) -> None:
    tags = bench.any_tags(rng)
    tags[rng.randrange(len(tags))] = rng.choice(clean.TAGS)


def assign_equal_tag(rng: Random, bench: Workbench) -> None:
    tags = bench.any_tags(rng)
    tags[0] = fresh_text(str(tags[0]))


def assign_made_tag(rng: Random, bench: Workbench) -> None:
    """Drop a tag and write one that was just made: it often lives where the dead one did."""
    tags = bench.any_tags(rng)
    tags[0] = None
    tags[0] = "".join(["a", rng.choice("ibcx")])


def append_tag(rng: Random, bench: Workbench) -> None:
    bench.any_tags(rng).append(rng.choice(clean.TAGS))


def append_foreign_tag(rng: Random, bench: Workbench) -> None:
    bench.any_tags(rng).append(rng.choice(spoil.UNICODE))


def pop_tag(rng: Random, bench: Workbench) -> None:
    bench.any_tags(rng).pop()


def clear_tags(rng: Random, bench: Workbench) -> None:
    bench.any_tags(rng).clear()


def double_tags(rng: Random, bench: Workbench) -> None:
    tags = bench.any_tags(rng)
    if len(tags) < 12:
        tags *= 2


def reverse_tags(rng: Random, bench: Workbench) -> None:
    bench.any_tags(rng).reverse()


def refill_tags(rng: Random, bench: Workbench) -> None:
    tags = bench.any_tags(rng)
    tags[:] = [rng.choice(clean.TAGS) for _ in tags]


def replace_tags(rng: Random, bench: Workbench) -> None:
    session = bench.any_session(rng)
    session["tags"] = [rng.choice(clean.TAGS) for _ in range(rng.randrange(4))]


def replace_tags_by_equal(rng: Random, bench: Workbench) -> None:
    session = bench.any_session(rng)
    session["tags"] = list(session.get("tags") or ())


def share_tags(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng)["tags"] = bench.any_tags(rng)


def exchange_tags(rng: Random, bench: Workbench) -> None:
    first, second = bench.any_session(rng), bench.any_session(rng)
    first["tags"], second["tags"] = second.get("tags", []), first.get("tags", [])


def move_tag(rng: Random, bench: Workbench) -> None:
    bench.any_tags(rng).append(bench.any_tags(rng).pop())


def lose_tags(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng).pop("tags", None)


def odd_tags(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng)["tags"] = rng.choice((("AI", "web"), "ai", {"ai": 1}))


# -- the other fields ----------------------------------------------------------------------------


def set_popularity(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng)["popularity"] = clean.clean_number(rng)


def set_odd_popularity(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng)["popularity"] = rng.choice(
        (True, 10**30, float("nan"), float("inf"), -0.0, 2**53 + 1)
    )


def set_equal_popularity(rng: Random, bench: Workbench) -> None:
    session = bench.any_session(rng)
    value = session.get("popularity", 0)
    session["popularity"] = int(value) if isinstance(value, float) and value == 1 else value


def lose_popularity(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng).pop("popularity", None)


def set_title(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng)["title"] = rng.choice(("Keynote", "keynote", "Talk 0", "\u0130", "new"))


def set_equal_title(rng: Random, bench: Workbench) -> None:
    session = bench.any_session(rng)
    session["title"] = fresh_text(str(session.get("title")))


def lose_title(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng).pop("title", None)


def set_slot(rng: Random, bench: Workbench) -> None:
    session = bench.any_session(rng)
    session["start"] = rng.choice([*clean.SLOTS, 9, 9.0])
    session["end"] = rng.choice(clean.SLOTS)


def add_unrelated(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng)[f"note {rng.randrange(4)}"] = rng.random()


def pop_unrelated(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng).pop("note 1", None)


def update(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng).update(tags=[rng.choice(clean.TAGS)], popularity=clean.clean_number(rng))


def merge(rng: Random, bench: Workbench) -> None:
    session = bench.any_session(rng)
    session |= {"popularity": clean.clean_number(rng), "title": "merged"}


def set_default(rng: Random, bench: Workbench) -> None:
    session = bench.any_session(rng)
    session.setdefault("tags", ["ai"])
    session.setdefault("popularity", 3)


def pop_and_set(rng: Random, bench: Workbench) -> None:
    """Move a key to the end, by way of not having it."""
    session = bench.any_session(rng)
    session["popularity"] = session.pop("popularity", 0.25)


def clear_and_fill(rng: Random, bench: Workbench) -> None:
    session = bench.any_session(rng)
    content = dict(session)
    session.clear()
    session.update(content)


def init_again(rng: Random, bench: Workbench) -> None:
    bench.any_session(rng).__init__(popularity=clean.clean_number(rng))  # type: ignore[misc]


def pop_item(rng: Random, bench: Workbench) -> None:
    session = bench.any_session(rng)
    if session:
        key, _ = session.popitem()
        session[key] = "late" if key in ("title", "start", "end") else clean.clean_number(rng)


# -- instances whose __dict__ is a session -------------------------------------------------------


def add_talk(rng: Random, bench: Workbench) -> None:
    talk = Talk(title="Talk of an object", tags=["ai"], popularity=0.5)
    bench.talks.append(talk)
    bench.sessions.insert(rng.randrange(len(bench.sessions) + 1), talk.__dict__)


def _talk(rng: Random, bench: Workbench) -> Talk:
    if not bench.talks:
        add_talk(rng, bench)
    return rng.choice(bench.talks)


def write_attribute(rng: Random, bench: Workbench) -> None:
    talk, value = _talk(rng, bench), clean.clean_number(rng)
    # Often enough in one call for the interpreter to specialise the store.
    for step in range(12):
        talk.popularity = step
    talk.popularity = value


def write_tags_attribute(rng: Random, bench: Workbench) -> None:
    _talk(rng, bench).tags = [rng.choice(clean.TAGS)]


def delete_attribute(rng: Random, bench: Workbench) -> None:
    talk = _talk(rng, bench)
    if hasattr(talk, "popularity"):
        del talk.popularity
    else:
        talk.popularity = 4


def set_attribute(rng: Random, bench: Workbench) -> None:
    setattr(_talk(rng, bench), rng.choice(("start", "note", "title")), "09:00")


def change_talk_dict(rng: Random, bench: Workbench) -> None:
    vars(_talk(rng, bench))["popularity"] = clean.clean_number(rng)


def replace_talk_dict(rng: Random, bench: Workbench) -> None:
    """Give the object another ``__dict__``; the manifest keeps the one it had."""
    talk = _talk(rng, bench)
    talk.__dict__ = {**vars(talk), "popularity": 8}


def drop_talk(rng: Random, bench: Workbench) -> None:
    """Let the object die and its ``__dict__`` live on in the manifest."""
    if bench.talks:
        bench.talks.pop()


# -- weights -------------------------------------------------------------------------------------


def set_weight(rng: Random, bench: Workbench) -> None:
    key = rng.choice(("interest", "popularity", "diversity"))
    bench.manifest["weights"][key] = rng.choice((2.0, 0.5, 0.3, 1, 0, -1.0, -0.0, rng.random()))


def lose_diversity(rng: Random, bench: Workbench) -> None:
    bench.manifest["weights"].pop("diversity", None)


def replace_weights(rng: Random, bench: Workbench) -> None:
    bench.manifest["weights"] = clean.clean_weights(rng)


def touch_weights(rng: Random, bench: Workbench) -> None:
    weights = bench.manifest["weights"]
    content = dict(weights)
    weights.clear()
    weights.update(reversed(content.items()))


EDITS: dict[str, Callable[[Random, Workbench], None]] = {
    edit.__name__: edit
    for edit in (
        append, insert, extend, pop, remove, replace_by_equal, replace_at_same_address, swap,
        repeat_one, reverse,
        sort, shuffle, assign_slice, delete_slice, clear_and_refill, swap_whole_list,
        bring_back_a_list, copy_deeply,
        new_manifest_same_list, to_tuple_and_back, assign_tag, assign_equal_tag, assign_made_tag,
        append_tag,
        append_foreign_tag, pop_tag, clear_tags, double_tags, reverse_tags, refill_tags,
        replace_tags,
        replace_tags_by_equal, share_tags, exchange_tags, move_tag, lose_tags, odd_tags,
        set_popularity,
        set_odd_popularity, set_equal_popularity, lose_popularity, set_title, set_equal_title,
        lose_title, set_slot,
        add_unrelated, pop_unrelated, update, merge, set_default, pop_and_set, clear_and_fill,
        init_again, pop_item,
        add_talk, write_attribute, write_tags_attribute, delete_attribute, set_attribute,
        change_talk_dict,
        replace_talk_dict, drop_talk, set_weight, lose_diversity, replace_weights, touch_weights,
    )
}  # fmt: skip

RARE = {
    "lose_title",
    "lose_tags",
    "odd_tags",
    "set_odd_popularity",
    "append_foreign_tag",
    "pop_item",
}
"""Edits that keep a manifest off the fast road, or make most calls raise, until another undoes
them."""


def mend(bench: Workbench) -> None:
    """Undo what the rare edits did, so that a long series does not end in errors only."""
    for place, session in enumerate(bench.sessions):
        if type(session.get("title")) is not str:
            session["title"] = f"Talk {place}"
        if type(session.get("tags")) is not list:
            session["tags"] = ["ai"]
        session["tags"][:] = [tag for tag in session["tags"] if tag.isascii()]
        if (
            type(session.get("popularity")) not in (int, float)
            or abs(session["popularity"]) > 2**40
        ):
            session["popularity"] = 0.5
        if session["popularity"] != session["popularity"]:
            session["popularity"] = 0.25
