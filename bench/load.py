"""Puts load on a server with wrk, from a core of its own, and reads what that cost the server."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from bench.machine import Strangers
from bench.servers import LOAD_CORE, Running

CONNECTIONS: Final = 16
STRANGERS_MAX: Final = 0.06
"""A run in which other processes took more of the machine is repeated."""
REPEATS: Final = 2
SLOW_SECONDS: Final = 0.1
"""What takes longer for one caller is measured with one caller."""

_READS: Final = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = line end
local headers = { %s }
math.randomseed(%d)
request = function()
  return wrk.format("GET", paths[math.random(#paths)], headers)
end
"""
_TELLING: Final = """
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    "\\n{\\"requests\\":%d,\\"us\\":%d,\\"bytes\\":%d,\\"refused\\":%d,\\"broken\\":%d,\\"p50\\":%d,\\"p99\\":%d}\\n",
    summary.requests, summary.duration, summary.bytes, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One run of load.

    Args:
        rate: Requests a second.
        cpu_us: Microseconds of the server's processor time for each.
        body: Bytes of an answer, headers included.
        p50: Median latency in microseconds; of 16 callers that wait in line.
        p99: The same of the slowest hundredth.
        strangers: The part of the machine that processes took which have no part in this.
    """

    rate: float
    cpu_us: float
    body: float
    p50: float
    p99: float
    strangers: float


class Case:
    """Something that is asked for again and again: one of several paths at random.

    Args:
        running: Who is asked.
        paths: Which paths.
        token: The access token that each request carries, if any.
    """

    connections = CONNECTIONS

    def __init__(self, running: Running, paths: Sequence[str], token: str | None = None) -> None:
        self._running = running
        self._paths = paths
        self._token = token
        self.samples: list[Sample] = []

    def once(self, get: Callable[[str], bytes]) -> bytes:
        """Asks for the first path alone; where that is slow, it is the measurement. The body."""
        before, started = self._running.cpu_seconds(), time.perf_counter()
        body = get(self._paths[0])
        seconds = time.perf_counter() - started
        if seconds > SLOW_SECONDS:
            used = (self._running.cpu_seconds() - before) * 1e6
            self.samples.append(
                Sample(
                    rate=1 / seconds,
                    cpu_us=used,
                    body=len(body),
                    p50=seconds * 1e6,
                    p99=seconds * 1e6,
                    strangers=0.0,
                )
            )
        return body

    def run(self, seconds: int) -> Sample:
        """Loads the server once.

        Raises:
            RuntimeError: A request failed.
        """
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "load.lua")
            script.write_text(self._requests(Path(folder)) + _TELLING, encoding="utf-8")
            self._running.settle()
            strangers = Strangers()
            before = self._running.cpu_seconds()
            said = self._wrk(script, seconds)
            used = self._running.cpu_seconds() - before
            share = strangers.share()
        if said["refused"] or said["broken"] or not said["requests"]:
            raise RuntimeError(f"{self._paths[0]}: {said}")
        return Sample(
            rate=said["requests"] / said["us"] * 1e6,
            cpu_us=used / said["requests"] * 1e6,
            body=said["bytes"] / said["requests"],
            p50=said["p50"],
            p99=said["p99"],
            strangers=share,
        )

    def _requests(self, folder: Path) -> str:
        """Lua that defines what is sent; files that it reads go into the folder."""
        paths = folder / "paths"
        paths.write_text("\n".join(self._paths), encoding="utf-8")
        header = f'["x-amz-access-token"] = "{self._token}"' if self._token else ""
        return _READS % (paths, header, len(self.samples) + 1)

    def _wrk(self, script: Path, seconds: int) -> dict[str, int]:
        command = [
            "taskset",
            "-c",
            str(LOAD_CORE),
            "wrk",
            "-t1",
            f"-c{self.connections}",
            "--timeout=60s",
        ]
        command += [f"-d{seconds}s", "-s", str(script), self._running.url]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        said: dict[str, int] = json.loads(out.strip().splitlines()[-1])
        return said

    def times(self, other: Case) -> float:
        """How many times as long as one of `other` a request takes.

        Where both servers do all the work themselves, their processor time tells, which strangers disturb least.
        """
        if self._running.works_alone and other._running.works_alone:
            return self.middle.cpu_us / other.middle.cpu_us
        return other.middle.rate / self.middle.rate

    @property
    def middle(self) -> Sample:
        """The medians of all runs so far."""
        fields = Sample.__struct_fields__
        return Sample(
            **{name: median(getattr(one, name) for one in self.samples) for name in fields}
        )


def interleaved(cases: Sequence[Case], *, rounds: int, seconds: int) -> None:
    """Runs every case once a round, after a short warming-up, so that all of them meet the same disturbances."""
    for case in cases:
        case.run(1)
    for _ in range(rounds):
        for case in cases:
            case.samples.append(_undisturbed(case, seconds))


def _undisturbed(case: Case, seconds: int) -> Sample:
    """A run in which strangers took little; the best of a few where they always took more."""
    best = case.run(seconds)
    for _ in range(REPEATS):
        if best.strangers <= STRANGERS_MAX:
            break
        best = min(best, case.run(seconds), key=lambda sample: sample.strangers)
    return best


def missing() -> str | None:
    """What this machine lacks for measuring."""
    for tool, package in (("wrk", "wrk"), ("taskset", "util-linux")):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (package {package} on Debian and Ubuntu)"
    return None
