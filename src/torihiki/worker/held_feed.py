"""A feed in the hands of a worker: its document, and which of its messages come next."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from torihiki.feeds.formats.envelope import read_envelope
from torihiki.feeds.formats.flat import read_flat
from torihiki.feeds.formats.reading import charset_of
from torihiki.feeds.model import Claim, Finding, Message, Progress, Severity
from torihiki.feeds.rules import FLAT_FULFILLMENT
from torihiki.kernel.marketplace import JAPAN

WAVE: Final = 32
"""Messages that are applied at once, each to another order; they share the commits of the database."""


class Placed(NamedTuple):
    """A message and its place in its document, from 1; 0: it does not count."""

    message: Message
    place: int


class HeldFeed:
    """The feed.

    Args:
        claim: What the worker got.
        content: The input document's bytes.
    """

    def __init__(self, claim: Claim, content: bytes) -> None:
        self.claim = claim
        self.progress = claim.progress
        self._content = content
        self._unchecked: Iterator[list[Message]] | None = self._read()
        self._messages = self._unapplied()
        self._wave: list[Placed] = []
        self._following: Placed | None = None

    def _read(self) -> Iterator[list[Message]]:
        charset = charset_of(self.claim.content_type or "")
        if self.claim.feed_type == FLAT_FULFILLMENT:
            otherwise = "Windows-31J" if JAPAN in self.claim.marketplace_ids else "ISO-8859-1"
            return read_flat(self._content, charset, otherwise)
        return read_envelope(self._content, charset)

    def check(self, pieces: int) -> bool:
        """Reads some pieces, before anything is applied; True: the document has been read to its end.

        Raises:
            Unreadable: It cannot be.
        """
        if self._unchecked is not None:
            read = sum(1 for _ in itertools.islice(self._unchecked, pieces))
            if read < pieces:
                self._unchecked = None
        return self._unchecked is None

    def _unapplied(self) -> Iterator[Placed | None]:
        """The messages behind those that were recorded before this worker came; None: a piece has been read."""
        place = 0
        behind = self.progress.messages
        for piece in self._read():
            for message in piece:
                place += message.counts
                if not message.counts and not behind:
                    yield Placed(message, 0)
                elif message.counts and place > behind:
                    yield Placed(message, place)
            yield None

    def wave(self, pieces: int) -> Sequence[Placed] | None:
        """The messages that are next, no two of them for one order; empty: there are no more.

        The same ones until `recorded` is called. None: so many pieces of the document held none, but there may be more;
        a lease does not outlast the reading of a whole one.
        """
        if self._wave:
            return self._wave
        orders: set[str] = set()
        by_merchant: bool | None = None
        while len(self._wave) < WAVE:
            try:
                following = self._following or next(self._messages)
            except StopIteration:
                break
            self._following = None
            if following is None:
                pieces -= 1
                if not pieces:
                    return self._wave or None
                continue
            shipment = following.message.shipment
            if shipment is not None:
                name = shipment.order_id or shipment.merchant_order_id
                # Under two kinds of names, one order could be in a wave twice.
                other_kind = by_merchant not in {None, not shipment.order_id}
                if name in orders or other_kind:
                    self._following = following
                    break
                orders.add(name)
                by_merchant = not shipment.order_id
            self._wave.append(following)
        return self._wave

    def after_wave(self, found: Sequence[Sequence[Finding]]) -> Progress:
        """How far the feed is once the wave, in which that was found, is recorded."""
        severities = [
            {finding.severity for finding in findings}
            for placed, findings in zip(self._wave, found, strict=True)
            if placed.message.counts
        ]
        return Progress(
            messages=self.progress.messages + len(severities),
            errors=self.progress.errors + sum(Severity.ERROR in one for one in severities),
            warnings=self.progress.warnings + sum(one == {Severity.WARNING} for one in severities),
        )

    def recorded(self, progress: Progress) -> None:
        """The wave is behind the feed, which is this far now."""
        self.progress = progress
        self._wave = []
