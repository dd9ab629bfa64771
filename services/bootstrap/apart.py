"""A process of its own that does one thing after the other, and ends with this one."""

import gc
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Apart:
    """Another process, from its start to its end."""

    def __init__(self) -> None:
        """Start it."""
        self._process = ProcessPoolExecutor(
            max_workers=1,
            mp_context=get_context("spawn"),
            initializer=_settle,
            initargs=(gc.get_threshold(),),
        )
        # The other process ignores Ctrl-C from its first moment: who waits for it hears of it, and ends it.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process.submit(_begin)
        finally:
            signal.signal(signal.SIGINT, handler)

    def ask(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Future[Result]:
        """Let it do something, a function of a module, after what it was asked for before."""
        return self._process.submit(work, *arguments, **named)

    def end(self) -> None:
        """Let it do what it was asked for, but nothing that it has not begun, and end."""
        self._process.shutdown(cancel_futures=True)


def _settle(collect_from: tuple[int, int, int]) -> None:
    gc.set_threshold(*collect_from)  # looking for cycles as rarely as the process that started it
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _begin() -> None:
    """Nothing; the pool starts its process when it is first asked for something."""


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
