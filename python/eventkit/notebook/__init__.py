"""Views of results for notebooks: HTML tables with bars, and data frames.

Results are plain dictionaries, so that they are the original's. `view` wraps one::

    import eventkit

    catalog = eventkit.Catalog(eventkit.load_manifest())
    eventkit.view(catalog.recommend(["ai", "agents"]))

In a notebook, ``%load_ext eventkit.notebook`` shows every result in this way, without `view`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from eventkit.notebook import html
from eventkit.notebook.columns import columns_of, to_arrow, to_pandas, to_polars
from eventkit.results import Explanation, Plan, Recommendation, SessionNotFound

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = [
    "ExplanationView",
    "PlanView",
    "RecommendationView",
    "View",
    "load_ipython_extension",
    "unload_ipython_extension",
    "view",
]

Result = TypeVar("Result")
Recommended = TypeVar("Recommended", bound=Recommendation)


class View(Generic[Result]):
    """A result, with what a notebook shows of it.

    Attributes:
        result: The result itself.
    """

    def __init__(self, result: Result) -> None:
        """Keep the result. It is not copied."""
        self.result = result

    def _rows(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def to_pandas(self) -> pandas.DataFrame:
        """Return a data frame of pandas, with a row for each session or term."""
        frame: pandas.DataFrame = to_pandas(columns_of(self._rows()))
        return frame

    def to_polars(self) -> polars.DataFrame:
        """Return a data frame of polars, with a row for each session or term."""
        frame: polars.DataFrame = to_polars(columns_of(self._rows()))
        return frame

    def to_arrow(self) -> pyarrow.Table:
        """Return a table of pyarrow, with a row for each session or term."""
        frame: pyarrow.Table = to_arrow(columns_of(self._rows()))
        return frame


class RecommendationView(View[Recommended]):
    """The view of a recommendation. Its rows are the sessions, best first.

    Example:
        >>> from eventkit import Catalog
        >>> shown = view(Catalog([{"title": "Agents", "tags": ["AI"]}]).recommend(["ai"]))
        >>> shown
        RecommendationView(1 session, best 'Agents' with 2.003)
        >>> print(shown._repr_html_()[:6])
        <table
    """

    _place = "place"

    def _rows(self) -> list[dict[str, Any]]:
        rows = []
        scoring = self.result["scoring"]
        for place, (session, row) in enumerate(zip(self.result["sessions"], scoring, strict=True)):
            score = {self._place: place + 1, "score": row["score"], **row["contributions"]}
            rows.append(score | {name: session[name] for name in session if name not in score})
        return rows

    def __repr__(self) -> str:
        """Return the number of sessions, and the best one."""
        count = len(self.result["sessions"])
        shown = f"{type(self).__name__}({count:,} session{'' if count == 1 else 's'}"
        if not count:
            return f"{shown})"
        best = max(self.result["scoring"], key=lambda row: row["score"])
        return f"{shown}, best {html.shortened(best['title'], 60)!r} with {best['score']:.3f})"

    def _repr_html_(self) -> str:
        """Return a table of sessions with a bar of contributions each, of at most 20 KB."""
        return html.recommendation(self.result)


class PlanView(RecommendationView[Plan]):
    """The view of a plan. Its rows are the sessions in order of time.

    Example:
        >>> from eventkit import Catalog
        >>> slot = {"start": "09:00", "end": "10:00"}
        >>> view(Catalog([{"title": "Agents", "tags": ["AI"], **slot}]).plan(["ai"]))
        PlanView(1 session, best 'Agents' with 2.003)
    """


class ExplanationView(View[Explanation]):
    """The view of an explanation. Its rows are the contributions, or the terms of the match.

    Example:
        >>> from eventkit import Catalog
        >>> catalog = Catalog([{"title": "Agents", "tags": ["AI"]}])
        >>> view(catalog.explain("agents", ["ai"]))
        ExplanationView('Agents', 2.003)
    """

    def _rows(self) -> list[dict[str, Any]]:
        parts = self.result["contributions"]
        rows: list[dict[str, Any]] = [{"part": name, "value": parts[name]} for name in parts]  # type: ignore[literal-required]
        terms: Any = self.result.get("terms", ())
        return rows + [{"part": "interest_match", "value": None, **term} for term in terms]

    def __repr__(self) -> str:
        """Return the title and the score."""
        title = html.shortened(self.result["title"], 60)
        return f"{type(self).__name__}({title!r}, {self.result['score']:.3f})"

    def _repr_html_(self) -> str:
        """Return the score as a bar of its contributions, of at most 20 KB."""
        return html.explanation(self.result)


# One signature for recommendations and plans: of two, mypy would choose neither, and say `Any`.
@overload
def view(result: Recommended) -> RecommendationView[Recommended]: ...
@overload
def view(result: Explanation | SessionNotFound) -> ExplanationView: ...
def view(result: Any) -> View[Any]:
    """Return a result as an object that a notebook shows as a table, and that makes data frames.

    Args:
        result: The result of `recommend`, `plan`, `alternatives` or `explain`.

    Raises:
        ValueError: The result says that there is no such session.
        TypeError: It is no result that has a view.

    Example:
        >>> from eventkit import Catalog
        >>> catalog = Catalog([{"title": "Agents", "tags": ["AI"]}])
        >>> frame = view(catalog.recommend(["ai"])).to_polars()  # doctest: +SKIP
        >>> view(catalog.explain("dinner", ["ai"]))
        Traceback (most recent call last):
        ValueError: session not found: 'dinner'
    """
    kind = _kind(result)
    if kind is None:
        if isinstance(result, Mapping) and "error" in result:
            raise ValueError(f"{result['error']}: {result.get('title')!r}")
        shown = html.shortened(repr(result), 80)
        raise TypeError(f"{shown} has no view, expected a recommendation, plan or explanation")
    return kind(result)


def _kind(result: Any) -> type[View[Any]] | None:
    if not isinstance(result, dict):
        return None
    if {"sessions", "scoring"} <= result.keys():
        return PlanView if "left_out" in result else RecommendationView
    return ExplanationView if {"title", "contributions"} <= result.keys() else None


def load_ipython_extension(shell: Any) -> None:
    """Show results as tables in a notebook: ``%load_ext eventkit.notebook``."""
    formatters = shell.display_formatter.formatters
    formatters["text/html"].for_type(dict, _as_html)


def unload_ipython_extension(shell: Any) -> None:
    """Show results as plain dictionaries again: ``%unload_ext eventkit.notebook``."""
    shell.display_formatter.formatters["text/html"].pop(dict, None)


def _as_html(result: Any) -> str | None:
    """Return the table of a result. Other dictionaries are shown as they are."""
    kind: Any = _kind(result)
    shown: str | None = None if kind is None else kind(result)._repr_html_()
    return shown
