"""How much of the machine others took while something was measured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")
_CORES: Final = os.cpu_count() or 1


def _fields(stat: Path) -> list[str]:
    """What follows the name of a process: state, parent, ...; nothing for one that is gone."""
    try:
        return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used so far."""
    fields = _fields(Path(f"/proc/{pid}/stat"))
    return (int(fields[11]) + int(fields[12])) / _TICK if fields else 0.0


def children(pid: int) -> list[int]:
    """The processes that it has started and that are there now."""
    return [child for child, parent in _parents().items() if parent == pid]


def _parents() -> dict[int, int]:
    return {
        int(entry.name): int(fields[1])
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and (fields := _fields(entry / "stat"))
    }


def _own_seconds() -> float:
    """The same of this process and of all that it has started."""
    parents = _parents()
    ours = {os.getpid()}
    while grown := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= grown
    finished = os.times()
    ended = finished.children_user + finished.children_system
    return ended + sum(cpu_seconds(pid) for pid in ours)


def _busy_seconds() -> float:
    first = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _waiting, irq, softirq = map(int, first[:7])
    return (user + nice + system + irq + softirq) / _TICK


class Strangers:
    """Measures from its making to `share`."""

    def __init__(self) -> None:
        self._busy = _busy_seconds()
        self._own = _own_seconds()
        self._since = os.times().elapsed

    def share(self) -> float:
        """The part of all cores that went to processes that are not ours, 0 to 1."""
        seconds = os.times().elapsed - self._since
        taken = (_busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return max(taken, 0.0) / (seconds * _CORES)
