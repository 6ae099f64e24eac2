"""Instants and their integer form; every time in the core is a `whenever.Instant`, which is UTC by construction."""

from __future__ import annotations

from whenever import Instant, TimeDelta

__all__ = [
    "Instant",
    "TimeDelta",
    "decode_instant",
    "encode_instant",
    "from_micros",
    "micros",
    "wire_time",
]


def micros(instant: Instant) -> int:
    """The instant as whole microseconds since 1970, rounded down: the form that the databases keep."""
    return instant.timestamp(unit="nanosecond") // 1000


def from_micros(value: int) -> Instant:
    """The instant that `micros` turned into `value`."""
    return Instant.from_timestamp(value, unit="microsecond")


def encode_instant(value: object) -> int:
    """The `enc_hook` of what we keep in msgspec's forms: Instants are their `micros`."""
    if isinstance(value, Instant):
        return micros(value)
    raise NotImplementedError(type(value))


def decode_instant(kind: type, value: object) -> object:
    """The `dec_hook` for `encode_instant`."""
    if kind is Instant and isinstance(value, int):
        return from_micros(value)
    raise NotImplementedError(kind)


def wire_time(instant: Instant) -> str:
    """The form that Amazon sends: whole seconds and `Z` (contract 1.3). Fractions are dropped."""
    return instant.format_iso(unit="second")
