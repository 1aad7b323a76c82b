"""The original's `SecurityValidator`, and where it is offered."""

import subprocess
import sys

import pytest

from eventkit.compat import agent
from eventkit.server import RateLimiter, SecurityValidator

ROWS = [
    ("interests", "ai, machine learning", ""),
    ("interests", "AI-driven, web_dev, v1.2", ""),
    ("interests", "", "empty"),
    ("interests", "  ", "empty"),
    ("interests", "a" * (SecurityValidator.MAX_INTERESTS_LENGTH + 1), "too long"),
    ("interests", "a" * SecurityValidator.MAX_INTERESTS_LENGTH, ""),
    ("interests", "ai; drop table", "invalid characters"),
    ("interests", "caf\u00e9", "invalid characters"),
    ("user_id", "ada@example.com", ""),
    ("user_id", "u@e.co\n", ""),  # the original's quirk: its pattern ends in `$`
    ("user_id", "", "empty"),
    ("user_id", "ada", "valid email"),
    ("user_id", "ada@example", "valid email"),
    ("session_title", "What? (Part 2): it's here", ""),
    ("session_title", "", "empty"),
    ("session_title", "a" * (SecurityValidator.MAX_TITLE_LENGTH + 1), "too long"),
    ("session_title", "<script>", "invalid characters"),
]


@pytest.mark.parametrize(("what", "text", "message"), ROWS, ids=range(len(ROWS)))
def test_the_original_s_validator_gives_the_original_s_verdicts(what, text, message):
    valid, said = getattr(SecurityValidator, f"validate_{what}")(text)
    assert valid == (message == "")
    assert message in said
    assert (said == "") == valid


def test_compat_offers_the_classes_without_importing_the_server():
    assert agent.SecurityValidator is SecurityValidator
    assert agent.RateLimiter is RateLimiter
    with pytest.raises(AttributeError):
        agent.Nothing  # noqa: B018
    code = "import sys, eventkit.compat.agent; print('eventkit.server' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
