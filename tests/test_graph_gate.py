"""Places at a mailbox: whoever stops waiting for one, however that comes, leaves none behind."""

import signal
import threading

import pytest

from eventkit.graph.gate import Gate


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
    gate = Gate(1)
    assert gate.enter("ann", 0.0)
    main = threading.get_ident()

    def kill():
        while not gate._waiting.get("ann"):
            pass
        signal.pthread_kill(main, signal.SIGUSR1)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(Interrupt):
        gate.enter("ann", 60.0)
    killer.join()
    gate.leave("ann")
    assert gate.enter("ann", 0.0)


def test_a_wait_that_is_over_loses_no_place():
    gate = Gate(1)
    assert gate.enter("ann", 0.0)
    assert not gate.enter("ann", 0.01)
    gate.leave("ann")
    assert gate.enter("ann", 0.0)
    gate.leave("ann")
    assert not gate._inside
