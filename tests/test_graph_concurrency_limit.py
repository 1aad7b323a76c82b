"""The limit of requests to a mailbox: an interrupted or cancelled wait loses no turn."""

import signal
import threading

import pytest

from eventkit.graph.concurrency_limit import ConcurrencyLimit


class Interrupt(BaseException):
    """As Ctrl-C, or a worker's SystemExit."""


def interrupt(*_):
    raise Interrupt


@pytest.fixture
def interruptible():
    before = signal.signal(signal.SIGUSR1, interrupt)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_an_interrupted_wait_loses_no_place(interruptible):
    limit = ConcurrencyLimit(1)
    assert limit.acquire("ann", 0.0)
    main = threading.get_ident()

    def kill():
        while not limit._waiting.get("ann"):
            pass
        signal.pthread_kill(main, signal.SIGUSR1)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(Interrupt):
        limit.acquire("ann", 60.0)
    killer.join()
    limit.release("ann")
    assert limit.acquire("ann", 0.0)


def test_a_wait_that_is_over_loses_no_place():
    limit = ConcurrencyLimit(1)
    assert limit.acquire("ann", 0.0)
    assert not limit.acquire("ann", 0.01)
    limit.release("ann")
    assert limit.acquire("ann", 0.0)
    limit.release("ann")
    assert not limit._active
