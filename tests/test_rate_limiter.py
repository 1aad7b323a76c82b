"""The rate limiter in Python: the original's class, exact, and held against plain Python."""

import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import faults_scale
from eventkit.server import RateLimiter, ServerSettings, create_app
from eventkit.server.message import Request
from plain_limiter import RateLimiter as PlainLimiter

native = pytest.importorskip("eventkit._eventkit")


class Clock:
    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


@pytest.mark.parametrize("kind", [RateLimiter, PlainLimiter])
def test_limit_then_refusal_then_one_back_an_interval(kind):
    clock = Clock(1_000.0)
    limiter = kind(requests_per_minute=3, window_seconds=60, clock=clock)
    assert [limiter.is_allowed("10.0.0.1") for _ in range(5)] == [True] * 3 + [False] * 2
    assert limiter.is_allowed("10.0.0.2")
    assert limiter.check("10.0.0.1") == 20.0
    clock.now += 20.0
    assert [limiter.check("10.0.0.1") for _ in range(2)] == [0.0, 20.0]
    clock.now += 60.0
    assert [limiter.is_allowed("10.0.0.1") for _ in range(4)] == [True] * 3 + [False]


@pytest.mark.parametrize("kind", [RateLimiter, PlainLimiter])
def test_log_shrinks_as_keys_come_to_rest(kind):
    clock = Clock()
    limiter = kind(requests_per_minute=2, window_seconds=10, clock=clock)
    limiter.is_allowed("a")
    clock.now = 4.0
    limiter.is_allowed("b")
    assert len(limiter.request_log) == 2
    clock.now = 5.0
    assert limiter.cleanup_old_entries() == 1
    assert "b" in limiter.request_log
    assert "a" not in limiter.request_log
    with pytest.raises(KeyError):
        limiter.request_log["a"]
    limiter.request_log.clear()
    assert len(limiter.request_log) == 0


# Whole milliseconds: a tick of the compiled limiter is far shorter, so that nothing is rounded.
steps = st.lists(st.tuples(st.sampled_from("abc\ud800é"), st.integers(0, 5_000)), max_size=80)


@given(st.integers(1, 20), st.integers(1, 60), steps)
def test_native_admits_what_the_plain_one_admits(requests, window, steps):
    clock = Clock()
    settings = {"requests_per_minute": requests, "window_seconds": window, "clock": clock}
    limiter, plain = RateLimiter(**settings), PlainLimiter(**settings)
    millis = 0
    for key, wait in steps:
        millis += wait
        clock.now = millis / 1000
        told, expected = limiter.check(key), plain.check(key)
        assert told == pytest.approx(expected, abs=1e-3)
        assert (told == 0.0) == (expected == 0.0) or abs(told - expected) < 1e-3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"requests_per_minute": 0}, "requests_per_minute is 0, expected 1"),
        ({"requests_per_minute": -1}, "requests_per_minute is -1, expected 1"),
        ({"window_seconds": 0}, "window_seconds is 0, expected seconds above 0"),
        ({"window_seconds": float("nan")}, "window_seconds is (nan|NaN), expected seconds"),
        ({"max_keys": 0}, "max_keys is 0, expected 1 or more"),
    ],
)
@pytest.mark.parametrize("kind", [RateLimiter, PlainLimiter])
def test_invalid_settings_of_the_rate_limiter_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind(**settings)


def test_a_clock_that_raises_raises():
    def clock():
        raise LookupError("no time")

    with pytest.raises(LookupError, match="no time"):
        RateLimiter(clock=clock).check("a")


@pytest.mark.faults
def test_sixteen_threads_are_admitted_exactly_the_limit():
    """6.9: the original admitted up to 168 of 100. The clock stands: nothing is given back."""
    limiter = RateLimiter(requests_per_minute=100, window_seconds=60, clock=lambda: 0.0)
    checks = faults_scale(10_000, 100_000)
    admitted, start = [], threading.Barrier(16)

    def ask():
        start.wait()
        admitted.append(sum(limiter.is_allowed("10.0.0.1") for _ in range(checks)))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len(admitted) == 16
    assert sum(admitted) == 100


@pytest.mark.faults
def test_memory_is_bounded():
    """6.9: the original held 40.5 MB at 200,000 addresses and never forgot one."""
    keys = faults_scale(100_000, 1_000_000)
    limiter = RateLimiter(clock=lambda: 0.0)
    for number in range(keys):
        limiter.check(f"10.{number}")
    assert len(limiter.request_log) == keys
    assert limiter.forgotten == 0
    # Sixteen bytes a key and one of the table's, which doubles when it is seven eighths full.
    assert limiter.nbytes <= max(keys, 2**16) * 17 * 16 / 7
    small = RateLimiter(clock=lambda: 0.0, max_keys=keys // 2)
    for number in range(keys):
        small.check(f"10.{number}")
    assert len(small.request_log) <= small.max_keys < len(small.request_log) + small.forgotten
    assert small.nbytes <= limiter.nbytes


@pytest.mark.faults
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_resident_memory_is_bounded():
    """6.9: a million addresses in 64 MiB, the short form a tenth of both."""
    keys, most = faults_scale((100_000, 6.4), (1_000_000, 64.0))
    code = f"""
import re
from pathlib import Path
from eventkit.server import RateLimiter, ServerSettings, create_app
from eventkit.server.message import Request
rss = lambda: int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before, limiter = rss(), RateLimiter()
for number in range({keys}):
    limiter.check(str(number))
assert len(limiter.request_log) == {keys}
print(rss() - before)
"""
    grown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert int(grown) / 1024 <= most


@pytest.mark.faults
@pytest.mark.parametrize(("proxies", "admitted"), [((), 5), (("192.0.2.1",), 20)])
def test_a_made_up_address_counts_only_from_a_trusted_proxy(proxies, admitted):
    """6.9: who writes another X-Forwarded-For each time is still one client."""
    settings = ServerSettings(requests_per_minute=5, trusted_proxies=proxies, insecure=True)
    manifest = {"weights": {"interest": 1, "popularity": 1}, "sessions": []}
    app = create_app(manifest, settings=settings)
    statuses = []
    for number in range(20):
        headers = {"x-forwarded-for": f"198.51.100.{number}"}
        request = Request("GET", "/tags", headers=headers, client="192.0.2.1")
        statuses.append(app.respond(request).status)
    assert (statuses.count(200), statuses.count(429)) == (admitted, 20 - admitted)
