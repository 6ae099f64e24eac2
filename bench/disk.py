"""What the disk does by itself: as many bytes as a confirmation writes, appended to a file and synchronised at a fixed rate."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from bench.machine import Strangers
from bench.steady import Timed

WRITTEN_BYTES: Final = 128 * 1024
"""Sixteen pages of a SQLite database, as the write-ahead log gets them."""
KEPT_BYTES: Final = 64 * 1024 * 1024
"""After so many the file is written from its start again, as the log is."""


def synchronised(folder: Path, *, rate: int, seconds: int) -> Timed:
    """How long each write took from the moment when it was due, as `bench.steady` counts it."""
    path, written = folder / "synchronised", os.urandom(WRITTEN_BYTES)
    took: list[int] = []
    late: list[int] = []
    strangers = Strangers()
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        started = time.perf_counter()
        for number in range(rate * seconds):
            since = started + number / rate
            if (wait := since - time.perf_counter()) > 0:
                time.sleep(wait)
                woke = time.perf_counter()
                late.append(int((woke - since) * 1e6))
                since = woke
            os.pwrite(file, written, number * WRITTEN_BYTES % KEPT_BYTES)
            os.fdatasync(file)
            took.append(int((time.perf_counter() - since) * 1e6))
    finally:
        os.close(file)
        path.unlink()
    return Timed(took=sorted(took), late=sorted(late), strangers=[strangers.share()])
