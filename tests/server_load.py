"""Threads that ask a server over and over while a test does something to it."""

from __future__ import annotations

import threading


class Askers:
    """Threads that call `ask` without a pause for as long as a ``with`` block runs."""

    def __init__(self, count: int) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(count)]

    def __enter__(self) -> Askers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            self.ask()

    def ask(self) -> None:
        """Ask once, and count what came of it."""
        raise NotImplementedError
