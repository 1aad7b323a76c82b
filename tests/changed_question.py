"""Makes the changes that `why_not` proposes."""

from __future__ import annotations

from typing import Any


def made(change: Any, interests: list[str], weights: Any) -> tuple[list[str], Any]:
    """Return the interests and the weights after a change."""
    interests, weights = [*interests], {**weights}
    for step in change:
        if "add_interest" in step:
            interests.append(step["add_interest"])
        else:
            weights[step["raise_weight"]] = step["to"]
    return interests, weights
