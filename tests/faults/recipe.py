"""Recipes: descriptions from which the very same inputs can be built as often as wanted.

A recipe is ordinary data. Lists and dicts in it are copied by `build`, `Make` nodes become
whatever their
factory returns, `Same` nodes become one object however often they stand in a recipe, everything
else is
immutable and used as it is. Two builds of a recipe are equal, share nothing that can change, and
are
shaped alike, so that two roads can each consume or damage a copy of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from faults.oddities import Stage


class Make:
    """An object to be made by ``factory(*arguments)``, or ``factory(stage, *arguments)``."""

    def __init__(self, factory: Callable[..., Any], *arguments: Any, staged: bool = False) -> None:
        self.factory, self.arguments, self.staged = factory, arguments, staged

    def __repr__(self) -> str:
        return f"Make({', '.join([self.factory.__name__, *map(repr, self.arguments)])})"


class Same:
    """One object in several places."""

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe

    def __repr__(self) -> str:
        return f"Same#{id(self) % 9973}({self.recipe!r})"


def build(recipe: Any, stage: Stage) -> Any:
    """Build fresh objects from a recipe."""
    return _build(recipe, stage, {})


def _build(recipe: Any, stage: Stage, made: dict[Same, Any]) -> Any:
    kind = type(recipe)
    if kind is str or kind is float or kind is int:
        return recipe
    if kind is list:
        return [_build(item, stage, made) for item in recipe]
    if kind is dict:
        return {key: _build(value, stage, made) for key, value in recipe.items()}
    if kind is tuple:
        return tuple([_build(item, stage, made) for item in recipe])
    if kind is Make:
        arguments = [_build(item, stage, made) for item in recipe.arguments]
        return recipe.factory(stage, *arguments) if recipe.staged else recipe.factory(*arguments)
    if kind is Same:
        if recipe not in made:
            made[recipe] = _build(recipe.recipe, stage, made)
        return made[recipe]
    return recipe


def is_pure(recipe: Any) -> bool:
    """Say whether a recipe makes plain data only, which any number of calls may share."""
    kind = type(recipe)
    if kind is list or kind is tuple:
        return all(map(is_pure, recipe))
    if kind is dict:
        return all(map(is_pure, recipe.values()))
    return kind is not Make and (kind is not Same or is_pure(recipe.recipe))
