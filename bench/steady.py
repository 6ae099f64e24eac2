"""Sends requests at a fixed rate with wrk, and reads how long each answer took from the moment when its request was due.

wrk by itself sends when the answer before has come, so that a server which stalls is asked less. Here each of its threads has
one connection and waits for moments that are laid down beforehand, no two of them the same. A request that is held up by the
answer before is counted from its moment all the same. Only when the machine wakes a client too late, which is nothing that
the server did, its request is counted from there, and by how much it was late is told apart.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Final

import msgspec

from bench.machine import Strangers
from bench.servers import Running

CLIENTS: Final = 32
"""Connections of each kind of request; each is used again after a twelfth of a second at 400 requests a second."""
LEAD_SECONDS: Final = 2
"""wrk starts its threads and reads its requests within that time."""
GRACE_SECONDS: Final = 5
"""How long the last answers are waited for."""
WORD: Final = "steady"

_SCRIPT: Final = """
local ffi = require("ffi")
ffi.cdef[[
typedef struct { long seconds; long nanoseconds; } moment;
int clock_gettime(int clock, moment *now);
int clock_nanosleep(int clock, int flags, const moment *until, moment *rest);
]]
local MONOTONIC, ABSOLUTE = 1, 1
local COARSE_US = 2000
local FOLDER, LEAD_US, APART_US, EVERY_US = "%(folder)s", %(lead)d * 1e6, %(apart)f, %(every)f
local HEADERS = { %(headers)s }
local moment = ffi.new("moment")
local threads, first = {}, nil
local requests, verified, since = {}, false, 0
sent, refused, took, late = 0, 0, {}, {}

local function now()
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.seconds) * 1e6 + tonumber(moment.nanoseconds) / 1e3
end

local function sleep_until(us)
  moment.seconds = math.floor(us / 1e6)
  moment.nanoseconds = math.floor((us %% 1e6) * 1e3)
  while ffi.C.clock_nanosleep(MONOTONIC, ABSOLUTE, moment, nil) ~= 0 do end
end

local function due_at(count) return begin + number * APART_US + count * EVERY_US end

function setup(thread)
  first = first or now() + LEAD_US
  thread:set("begin", first)
  thread:set("number", #threads)
  threads[#threads + 1] = thread
end

function init()
  for line in io.lines(FOLDER .. "/" .. number) do
    local method, path, body = line:match("^(%%u+)\\t([^\\t]+)\\t?(.*)$")
    requests[#requests + 1] = wrk.format(method, path, HEADERS, body ~= "" and body or nil)
  end
end

-- In whole milliseconds; the rest is waited for in `request`. Nothing is sent when all is done.
function delay()
  if sent >= #requests then return 3600000 end
  return math.max(0, math.floor((due_at(sent) - now() - COARSE_US) / 1000))
end

function request()
  if number == 0 and not verified then
    -- wrk looks at one request before it starts.
    verified = true
    return requests[1]
  end
  since = due_at(sent)
  sent = sent + 1
  if now() < since then
    sleep_until(since)
    late[#late + 1] = math.floor(now() - since)
    since = since + late[#late]
  end
  took[sent] = -1
  return requests[sent]
end

function response(status)
  took[sent] = math.floor(now() - since)
  if status > 299 then refused = refused + 1 end
end

function done()
  for index, thread in ipairs(threads) do
    io.write(string.format("\\n%(word)s %%d %%d %%s / %%s", index - 1, thread:get("refused"),
      table.concat(thread:get("took"), " "), table.concat(thread:get("late"), " ")))
  end
  io.write("\\n")
end
"""


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to one kind of request, in one run or in several.

    Args:
        took: Microseconds from the moment when a request was due to the end of its answer, ascending.
        late: By how many microseconds the client woke too late, ascending; not included in `took`.
        strangers: The part of the machine that processes took which have no part in this, for each run.
    """

    took: list[int]
    late: list[int]
    strangers: list[float]

    def at(self, part: float) -> float:
        """Milliseconds within which that part of all answers came; 1.0: the slowest."""
        return self.took[max(ceil(len(self.took) * part), 1) - 1] / 1000

    @property
    def slowest(self) -> float:
        """Milliseconds."""
        return self.at(1.0)

    def __str__(self) -> str:
        parts = " / ".join(f"{self.at(part):.2f}" for part in (0.5, 0.99, 0.999, 1.0))
        return f"p50 / p99 / p99.9 / max {parts} ms"


def together(runs: Iterable[Timed]) -> Timed:
    """The answers of several runs."""
    runs = list(runs)
    return Timed(
        took=sorted(us for run in runs for us in run.took),
        late=sorted(us for run in runs for us in run.late),
        strangers=[share for run in runs for share in run.strangers],
    )


def steadily(
    running: Running,
    kinds: Mapping[str, Sequence[str]],
    *,
    rate: int,
    headers: Mapping[str, str],
) -> dict[str, Timed]:
    """Sends every request once, all kinds at the same time; as many of each as there are seconds, times the rate.

    Args:
        running: Who is asked.
        kinds: Requests by the name of their kind: method, path and, if there is one, body, between them tabs.
        rate: Requests of each kind in a second.
        headers: Of every request; nothing in them needs an escape in Lua.

    Raises:
        RuntimeError: A request was refused or not answered.
    """
    names = list(kinds)
    count = len(kinds[names[0]])
    if count % rate or any(len(lines) != count for lines in kinds.values()):
        raise ValueError("kinds of different length, or no whole seconds")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place, kind in enumerate(names):
            for client in range(CLIENTS):
                file = folder / str(client * len(names) + place)
                file.write_text("\n".join(kinds[kind][client::CLIENTS]), encoding="utf-8")
        script = folder / "steady.lua"
        given = {
            "folder": folder,
            "lead": LEAD_SECONDS,
            "apart": 1e6 / rate / len(names),
            "every": 1e6 / rate * CLIENTS,
            "headers": ", ".join(f'["{one}"] = "{value}"' for one, value in headers.items()),
            "word": WORD,
        }
        script.write_text(_SCRIPT % given, encoding="utf-8")
        strangers = Strangers()
        out = _wrk(running, script, len(names) * CLIENTS, count // rate)
        share = strangers.share()
    runs: dict[str, list[Timed]] = {kind: [] for kind in names}
    for number, timed in _told(out, share):
        runs[names[number % len(names)]].append(timed)
    found = {kind: together(runs[kind]) for kind in names}
    if any(len(timed.took) != count for timed in found.values()):
        raise RuntimeError(f"not every request was sent: {out[-1000:]}")
    return found


def _wrk(running: Running, script: Path, clients: int, seconds: int) -> str:
    """What wrk prints. It may run on every core, as the server may."""
    command = ["wrk", f"-t{clients}", f"-c{clients}", "--timeout=60s"]
    command += [f"-d{LEAD_SECONDS + seconds + GRACE_SECONDS}s", "-s", str(script), running.url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _told(out: str, strangers: float) -> Iterable[tuple[int, Timed]]:
    """What each client tells of itself."""
    for line in out.splitlines():
        if not line.startswith(f"{WORD} "):
            continue
        told, late = line.removeprefix(f"{WORD} ").split("/")
        number, refused, *took = map(int, told.split())
        if refused or -1 in took:
            raise RuntimeError(f"{refused} requests refused, {took.count(-1)} not answered")
        # The share is the whole run's; the first client stands for all.
        shares = [strangers] if number == 0 else []
        yield number, Timed(took=took, late=[int(us) for us in late.split()], strangers=shares)
