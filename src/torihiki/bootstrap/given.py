"""Checks the settings that a command was given, as far as that can be done before anything is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from whenever import ItemizedDelta

from torihiki.bootstrap.layouts import report_layouts
from torihiki.config import Settings
from torihiki.kernel.instant import TimeDelta
from torihiki.server.reached import parse_public_url
from torihiki.storage.documents import place_of
from torihiki.worker.cleaner import Ages, parse_age


def checked_settings(**given: object) -> Settings | str:
    """The settings, or why they cannot be taken."""
    try:
        settings = msgspec.convert(given, Settings)
        visibility_delay(settings)
        _check_tls(settings)
        ages(settings)
        range_max(settings)
        _ = settings.sqlite_path
        place_of(settings.documents, settings.data)
        with _option("--pay-layouts"):
            report_layouts(settings)
        parse_public_url(settings.public_url)
    except (ValueError, OSError) as error:
        return str(error)
    return settings


def _check_tls(settings: Settings) -> None:
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise ValueError("--tls-certificate and --tls-key go together")
    if settings.tls_certificate is not None and settings.tls_port is None:
        raise ValueError("--tls-certificate needs --tls-port")
    if settings.tls_port is not None and settings.tls_port == settings.port != 0:
        raise ValueError(f"--port and --tls-port are the same, {settings.port}: each needs its own")


def visibility_delay(settings: Settings) -> TimeDelta:
    """After how long getOrders shows a change.

    Raises:
        ValueError: The setting is not a duration of hours and smaller, or a negative one.
    """
    text = settings.visibility_delay
    try:
        delay = TimeDelta.parse_iso(text)
    except ValueError as error:
        raise ValueError(
            f"--visibility-delay takes an ISO 8601 duration of hours, minutes and seconds, such as PT2M, not {text!r}"
        ) from error
    if delay < TimeDelta.ZERO:
        raise ValueError("--visibility-delay takes a duration that is not negative")
    return delay


@contextmanager
def _option(name: str) -> Iterator[None]:
    """Puts the option's name before what is wrong with its value."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise ValueError(f"{name}: {error}") from error


def _age(option: str, text: str) -> ItemizedDelta:
    with _option(option):
        return parse_age(text)


def ages(settings: Settings) -> Ages:
    """After how long what is forgotten.

    Raises:
        ValueError: A setting is not a duration.
    """
    erase_after = settings.erase_restricted_after
    return Ages(
        audit=_age("--audit-retention", settings.audit_retention),
        restricted=None if erase_after is None else _age("--erase-restricted-after", erase_after),
    )


def range_max(settings: Settings) -> TimeDelta | None:
    """The longest range of a report that is asked for; None: any.

    Raises:
        ValueError: The setting is not a duration, or one whose length depends on the calendar.
    """
    text = settings.pay_range_max
    if text is None:
        return None
    length = _age("--pay-range-max", text)
    if length.get("years") or length.get("months"):
        raise ValueError(f"--pay-range-max takes days and smaller, not {text!r}")
    hours = (length.get("weeks", 0) * 7 + length.get("days", 0)) * 24 + length.get("hours", 0)
    return TimeDelta(
        hours=hours,
        minutes=length.get("minutes", 0),
        seconds=length.get("seconds", 0),
        nanoseconds=length.get("nanoseconds", 0),
    )
