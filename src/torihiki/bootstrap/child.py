"""Keeps one worker process beside a server: starts it, starts it again when it has died, and stops it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Final

import structlog

from torihiki import clock

COMMAND: Final = (sys.executable, "-P", "-m", "torihiki.bootstrap.working")
"""`-P`: nothing in the directory that the server was started in is taken for a module."""
SETTLE_SECONDS: Final = 0.5
"""The worker's start takes a core for a moment; the first requests come before it."""
STOP_SECONDS: Final = 5.0
"""How long a worker may take to stop. It loses nothing when it is killed."""
FIRST_PAUSE_SECONDS: Final = 1.0
LAST_PAUSE_SECONDS: Final = 60.0


class WorkerChild:
    """The worker of one server, whose settings must be in the environment before it is started.

    The worker stops when the pipe that is its standard input is closed. The server holds the only other end, so the
    worker also stops when the server is killed.
    """

    def __init__(self) -> None:
        self._lifeline, self._held = os.pipe()
        self._asked_to_stop = False
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="worker-watch", daemon=True)
        self._log = structlog.get_logger("torihiki")

    def start(self) -> None:
        """Returns at once; the worker comes a moment later."""
        self._thread.start()

    def stop_soon(self) -> None:
        """Tells the worker to stop. May be called from a signal handler, and more than once."""
        if self._asked_to_stop:
            return
        self._asked_to_stop = True
        os.close(self._held)
        self._stopping.set()

    def stop(self) -> None:
        """Returns when no worker is left."""
        self.stop_soon()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
            if self._thread.is_alive() and self._process is not None:
                self._process.kill()
            self._thread.join()
        os.close(self._lifeline)

    def _watch(self) -> None:
        self._stopping.wait(SETTLE_SECONDS)
        pause = 0.0
        while not self._stopping.is_set():
            started = clock.monotonic()
            status = self._run()
            if self._stopping.is_set():
                return
            lived = clock.monotonic() - started
            longer = FIRST_PAUSE_SECONDS if lived > LAST_PAUSE_SECONDS else pause * 2
            pause = min(max(longer, FIRST_PAUSE_SECONDS), LAST_PAUSE_SECONDS)
            self._log.warning("worker ended", exit_status=status, again_in_s=pause)
            self._stopping.wait(pause)

    def _run(self) -> int | None:
        """Runs one worker to its end and returns its exit status; None: it could not be started."""
        try:
            self._process = subprocess.Popen(COMMAND, stdin=self._lifeline)  # noqa: S603 - our own program
        except OSError:
            self._log.exception("worker cannot be started")
            return None
        return self._process.wait()
