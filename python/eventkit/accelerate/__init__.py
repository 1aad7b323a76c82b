"""Speed for an existing agent, whose files stay as they are: see `accelerate`.

What may be replaced is in `target`, by what in `native`. Whether a function is known is found by
`fingerprint`, `source` and `proof`, with the table of `known`; `difference` names what is not.
`replacement` and `trampoline` replace it, and `watch` asks whether the proof still holds. For whole
commands there are the start-up hook (`hook`, `startup`), its launcher (`command`, `launch`) and the
last line (`report`).
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`: a command that is accelerated waits for these imports
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from eventkit.accelerate.handle import Handle

__all__ = ["AccelerationWarning", "Handle", "accelerate"]


class AccelerationWarning(RuntimeWarning):
    """A function of an agent stays as it is, because it is not proven to do the original's work."""


def accelerate(
    agent: Any = None, *, strict: bool = False, shadow: float = 0.0, trust: Iterable[str] = ()
) -> Handle:
    """Let eventkit answer for the functions of an existing agent.

    A function is replaced only when its code is proven to do the original's work: its syntax tree
    has a known fingerprint, and all that it reads is known too. No function of the agent is called
    to find that out. What is not known stays as it is; `Handle.explain` names the first difference.
    Calls that eventkit cannot answer natively go the agent's own way, and so do all calls while
    somebody has replaced a function or a constant that the function reads (as a test's monkeypatch
    does). Functions keep their identity: whoever has imported them by name is served too. Calling
    it again replaces only what is new.

    Args:
        agent: The agent's module, its name, or a namespace as ``globals()`` gives it; left out, the
            module ``agent``. The modules ``core`` and ``graph_service`` from the same folder count
            as parts of it, once they are imported.
        strict: Raise where a function is not known, instead of warning.
        shadow: The share of native calls of known functions, 0 to 1, on which the agent's own
            function runs as well. The first difference ends the acceleration, and is logged with
            both answers.
        trust: Names of unknown functions to accelerate at your own risk. The agent's function
            answers their first 1,000 calls, and eventkit's answer is compared; then one call in
            64. At the first difference a function is the agent's again, and both answers are
            logged.

    Returns:
        A handle: what was replaced and refused and why, the calls of either way, ``restore()``. It
        is a context manager too.

    Raises:
        AccelerationError: A function is not known, and ``strict`` is set. Nothing is replaced.
        ModuleNotFoundError: There is no such module.
        TypeError: ``agent`` is none of these, or ``trust`` is one text instead of several.
        ValueError: ``shadow`` is not within 0 and 1, or ``trust`` names no function that eventkit
            could answer.

    Example:
        >>> import warnings
        >>> from eventkit.compat import agent
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", AccelerationWarning)  # of the others
        ...     handle = accelerate(agent, trust=["recommend"])
        >>> with handle:
        ...     answer = agent.recommend({"weights": {}, "sessions": []}, ["ai"], 3)
        >>> handle.calls["eventkit.compat.agent.recommend"]
        (0, 1)
    """
    from eventkit.accelerate.function import accelerate as do

    return do(agent, strict, shadow, trust)


def __getattr__(name: str) -> Any:
    """Import the class of handles when it is asked for."""
    if name != "Handle":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from eventkit.accelerate.handle import Handle

    return Handle
