"""Decides which roles exist, how ids and secrets look, and what the operator's clock shows.

Clock arithmetic is in whole microseconds, so that nothing is lost however often the clock is moved.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from whenever import Date, ItemizedDelta

from torihiki.admin.model import ClockChange, ClockReading, ClockState
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.problem import Kind, Problem, invalid_input
from torihiki.kernel.roles import ROLES

CODE_SECONDS: Final = 300
"""How long an authorisation code lives (contract 3.1)."""

CLOCK_FIRST: Final = Instant.from_utc(1970, 1, 1)
CLOCK_END: Final = Instant.from_utc(9001, 1, 1)
"""The clock shows instants from the first to before the end, which leaves room for every sum with a lifetime."""


def no_such(what: str) -> Problem:
    """A 404 for a thing of that kind."""
    return Problem(Kind.NOT_FOUND, f"There is no such {what}.")


def bad_page_token() -> Problem:
    """A 400 for a page token that is none of ours."""
    return invalid_input("nextToken is not one that this list gave out.")


def known_roles(names: Iterable[str]) -> tuple[str, ...]:
    """The names in order, each once.

    Raises:
        Problem: One of them is no role; the message names it.
    """
    found = sorted(set(names))
    for name in found:
        if name not in ROLES:
            raise invalid_input(
                f"There is no role named '{name}'.", f"The roles are: {', '.join(sorted(ROLES))}."
            )
    return tuple(found)


class Mint(msgspec.Struct, frozen=True, kw_only=True):
    """Makes ids and secrets that look like Amazon's.

    Args:
        random_bytes: A cryptographic source.
        digest: The form in which secrets are kept, the same as the one by which they are looked up.
    """

    random_bytes: Callable[[int], bytes]
    digest: Callable[[str], bytes]

    def seller_id(self) -> str:
        """`A` and thirteen capitals or digits."""
        return "A" + base64.b32encode(self.random_bytes(9)).decode()[:13]

    def application_id(self) -> str:
        """`amzn1.sellerapps.app.` and a UUID."""
        return f"amzn1.sellerapps.app.{self._uuid()}"

    def client_id(self) -> str:
        """`amzn1.application-oa2-client.` and 32 hexadecimal digits."""
        return f"amzn1.application-oa2-client.{self.random_bytes(16).hex()}"

    def client_secret(self) -> str:
        """`amzn1.oa2-cs.v1.` and 64 hexadecimal digits."""
        return f"amzn1.oa2-cs.v1.{self.random_bytes(32).hex()}"

    def authorization_id(self) -> str:
        """A UUID."""
        return self._uuid()

    def refresh_token(self) -> str:
        """`Atzr|` and 64 characters that need no escaping."""
        return "Atzr|" + base64.urlsafe_b64encode(self.random_bytes(48)).decode()

    def code(self) -> str:
        """32 characters that need no escaping."""
        return base64.urlsafe_b64encode(self.random_bytes(24)).decode()

    def _uuid(self) -> str:
        """A random (version 4) UUID."""
        digits = self.random_bytes(16).hex()
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )


def now_of(state: ClockState, machine_us: int) -> int:
    """What the clock shows, in microseconds since 1970, when the machine's clock shows `machine_us`."""
    return machine_us + state.offset_us if state.stopped_at_us is None else state.stopped_at_us


def reading(state: ClockState, machine_us: int) -> ClockReading:
    """What the operator is told of the clock."""
    shown_us = now_of(state, machine_us)
    return ClockReading(
        now=from_micros(shown_us),
        running=state.stopped_at_us is None,
        offset_us=shown_us - machine_us,
    )


def changed_clock(state: ClockState, change: ClockChange, machine_us: int) -> ClockState:
    """The clock after a change: first set or advanced, then stopped or run from what it shows.

    Raises:
        Problem: Nothing is asked for, both a time and a step are, or the clock would leave its years.
    """
    if change.now is not None and change.advance is not None:
        raise invalid_input("Give either now or advance, not both.")
    if change.now is None and change.advance is None and change.running is None:
        raise invalid_input("Give at least one of now, advance and running.")
    shown_us = now_of(state, machine_us)
    if change.now is not None:
        shown_us = _in_range(micros(change.now))
    if change.advance is not None:
        shown_us = _in_range(shown_us + step_us(shown_us, change.advance))
    running = state.stopped_at_us is None if change.running is None else change.running
    return ClockState(offset_us=shown_us - machine_us, stopped_at_us=None if running else shown_us)


def step_us(shown_us: int, step: ItemizedDelta) -> int:
    """How many microseconds a duration is from that instant on.

    Years and months go by the calendar in UTC (a day that the month lacks becomes its last day), then comes the rest.

    Raises:
        Problem: It is finer than a microsecond or leaves the calendar.
    """
    nanoseconds = step.get("nanoseconds", 0)
    if nanoseconds % 1000:
        raise invalid_input("The duration is finer than a microsecond.")
    hours = (step.get("weeks", 0) * 7 + step.get("days", 0)) * 24 + step.get("hours", 0)
    seconds = (hours * 60 + step.get("minutes", 0)) * 60 + step.get("seconds", 0)
    exact_us = seconds * 1_000_000 + nanoseconds // 1000
    years, months = step.get("years", 0), step.get("months", 0)
    if not years and not months:
        return exact_us
    date = from_micros(shown_us).to_fixed_offset().date()
    try:
        return _midnight_us(date.add(years=years, months=months)) - _midnight_us(date) + exact_us
    except ValueError as error:
        raise _out_of_range() from error


def _midnight_us(date: Date) -> int:
    return micros(Instant.from_utc(date.year, date.month, date.day))


def _in_range(shown_us: int) -> int:
    if not micros(CLOCK_FIRST) <= shown_us < micros(CLOCK_END):
        raise _out_of_range()
    return shown_us


def _out_of_range() -> Problem:
    return invalid_input("The clock shows the years 1970 to 9000 only.")
