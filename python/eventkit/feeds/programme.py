"""A programme that was read from a feed, and the report of what became of its entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from eventkit._eventkit import FeedSessions
    from eventkit.catalog.catalog import Catalog

__all__ = ["Programme", "Report", "Skipped"]


class Skipped(NamedTuple):
    """An entry of a feed that is not a session of the programme.

    Attributes:
        place: Which entry.
        reason: Why it was left out.
    """

    place: str
    reason: str


@dataclass(frozen=True)
class Report:
    """What became of the entries of a feed.

    Attributes:
        taken: How many became sessions.
        skipped: How many were left out.
        reasons: The first of those.
        tags: How many tags came from each kind of field, such as ``{"track": 80, "type": 90}``.
        notes: What a reader should know, in whole sentences.
    """

    taken: int
    skipped: int = 0
    reasons: tuple[Skipped, ...] = ()
    tags: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the report as lines of text."""
        lines = [f"{self.taken:,} sessions taken, {self.skipped:,} entries skipped"]
        lines += [f"skipped {place}: {reason}" for place, reason in self.reasons]
        if self.tags:
            counts = ", ".join(f"{count:,} from {name}" for name, count in self.tags.items())
            lines.append(f"tags: {counts}")
        return "\n".join([*lines, *self.notes])


@dataclass(frozen=True)
class Programme:
    """The programme of a conference.

    A session is a dict with ``id``, ``title``, ``tags`` and ``speakers``, and what the feed gives
    of: ``start`` and ``end`` (``HH:MM`` on the clocks of the place), ``start_at`` and ``end_at``
    (ISO 8601, with the offset if it is known), ``day`` (the day it is listed under), ``location``,
    ``abstract``, ``description``, ``subtitle``, ``track``, ``type``, ``language``, ``url``,
    ``popularity``, ``all_day`` and ``service`` (breaks and meals).

    Attributes:
        sessions: The sessions, in the order of the feed.
        name: The name of the conference; empty if the feed does not give it.
        zone: The IANA name of its zone; ``None`` if it is not known.
        source: The file or the address it was read from.
        format: The format it was recognised as, one of `FORMATS`.
        report: What was taken, skipped and made a tag.
        fields: The other members, if the feed is a manifest.
    """

    sessions: list[dict[str, Any]]
    name: str
    zone: str | None
    source: str
    format: str
    report: Report
    fields: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_engine(cls, kept: FeedSessions, **others: Any) -> Programme:
        """Return a programme whose sessions stay in the engine until `sessions` is read.

        Args:
            kept: The sessions, as the engine keeps them.
            others: The other attributes.
        """
        programme = cls(sessions=[], **others)
        del programme.__dict__["sessions"]
        programme.__dict__["_kept"] = kept
        return programme

    if not TYPE_CHECKING:  # it would allow every name

        def __getattr__(self, name):
            """Make the dicts of the sessions, the first time that they are asked for."""
            kept = self.__dict__.get("_kept")
            if name != "sessions" or kept is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            # Another thread may have made them meanwhile: all get the same list.
            return self.__dict__.setdefault("sessions", kept.dicts())

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, for pickle and copy."""
        state = {**self.__dict__, "sessions": self.sessions}
        state.pop("_kept", None)
        return state

    def __len__(self) -> int:
        """Return the number of sessions."""
        return len(self.__dict__["_kept"] if self._is_unread else self.sessions)

    @property
    def _is_unread(self) -> bool:
        """Return true if no dict of a session was made yet, so that none can have been changed."""
        return "sessions" not in self.__dict__

    def __repr__(self) -> str:
        """Return the name, the format and the number of sessions."""
        return f"Programme({self.name!r}, {self.format!r}, {len(self):,} sessions)"

    def manifest(self) -> dict[str, Any]:
        r"""Return a manifest with the sessions, for the functions that take one.

        The sessions are the same objects. A manifest that was read keeps its weights; any other
        feed gets the default ones.

        Example:
            >>> from eventkit.feeds import read
            >>> sorted(read(b"title,speaker\nAgents,Ann\n").manifest())
            ['name', 'sessions', 'weights']
        """
        return {**self.settings(), "sessions": self.sessions}

    def settings(self) -> dict[str, Any]:
        r"""Return the manifest without its sessions.

        Example:
            >>> from eventkit.feeds import read
            >>> sorted(read(b"title,speaker\nAgents,Ann\n").settings())
            ['name', 'weights']
        """
        from eventkit.reference import DEFAULT_WEIGHTS

        fields = {"name": self.name or self.source, "weights": dict(DEFAULT_WEIGHTS)}
        if self.zone is not None:
            fields["zone"] = self.zone
        return {**fields, **self.fields}

    def catalog(self, settings: dict[str, Any] | None = None) -> Catalog:
        r"""Return a compiled catalogue of the sessions.

        Sessions that nobody has read yet are compiled within the engine, without a dict of any.

        Args:
            settings: The manifest without its sessions, in place of `settings`.

        Example:
            >>> from eventkit.feeds import read
            >>> catalog = read(b"title,tags\nAgents,ai\n").catalog()
            >>> catalog.recommend(["ai"], 1)["scoring"][0]["title"]
            'Agents'
        """
        from eventkit.catalog.catalog import Catalog

        fields = self.settings() if settings is None else settings
        compiled = self.__dict__["_kept"].compile() if self._is_unread else None
        if compiled is None:
            return Catalog({**fields, "sessions": self.sessions})
        return Catalog._made(compiled, fields["weights"], fields)

    def to_frame(self) -> Any:
        """Return the sessions as a ``pandas.DataFrame``, one session a row.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        return import_module("pandas").DataFrame(self.sessions)
