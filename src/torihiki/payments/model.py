"""Values of the payments family: what happened to which object, what is known of it, and what was settled. Frozen."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from torihiki.kernel.fact import Fact
from torihiki.kernel.instant import Instant, decode_instant, encode_instant
from torihiki.kernel.money import Money


class Environment(enum.StrEnum):
    """The two worlds; nothing of one is ever seen in the other."""

    LIVE = "live"
    SANDBOX = "sandbox"


class Region(enum.StrEnum):
    """Where a merchant's account is; decides fees and the rhythm of settlements."""

    NORTH_AMERICA = "na"
    EUROPE = "eu"
    JAPAN = "jp"


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant of Amazon Pay.

    Args:
        created: When the account was made; the settlements of Japan count from it (contract 4.12).
    """

    merchant_id: str
    region: Region
    created: Instant


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant in one of the worlds: the first half of every key."""

    merchant_id: str
    environment: Environment


class ObjectKey(msgspec.Struct, frozen=True):
    """What names an object: its id alone is unique within an account only."""

    account: Account
    object_id: str


class EventKey(msgspec.Struct, frozen=True):
    """What names a state of an object: the same again is the same event."""

    key: ObjectKey
    state: str
    updated: Instant


Address = tuple[str | None, ...]
"""The parts of an address in the order of `rows.ADDRESS_PARTS`; empty: there is none."""


class Permission(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A charge permission.

    Args:
        recurring: Whether it is no one-time permission: reports call it a billing agreement (contract 6.5).
        order_id: The merchant's own reference, the SellerOrderId of reports.
    """

    recurring: bool
    created: Instant
    order_id: str | None = None
    store_name: str | None = None
    note: str | None = None
    buyer_name: str | None = None
    buyer_email: str | None = None
    shipping: Address = ()
    billing: Address = ()
    limit: Money | None = None
    balance: Money | None = None
    expires: Instant | None = None


class Charge(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A charge: an authorization and the capture that may come of it.

    Args:
        captured: What was captured; None: nothing was yet, or all of `amount`.
        reference_id: The merchant's own reference.
    """

    permission_id: str
    amount: Money
    created: Instant
    captured: Money | None = None
    reference_id: str | None = None
    note: str | None = None
    expires: Instant | None = None

    @property
    def capture_amount(self) -> Money:
        """What was captured, or will be."""
        return self.captured or self.amount


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of a charge, of a part of it or of somewhat more (contract 6.4)."""

    charge_id: str
    amount: Money
    created: Instant
    reference_id: str | None = None


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A posting that no call of the merchant made: money to the merchant is positive.

    Args:
        transaction_type: The word in the settlement file (contract 5.3).
        charge_id: What it is about; None: nothing in particular.
    """

    transaction_type: str
    amount: Money
    percentage_fee: Money
    fixed_fee: Money
    charge_id: str | None = None
    description: str | None = None


Body = Permission | Charge | Refund | Adjustment


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One state of one object, as an import told it.

    Args:
        updated: When it came into that state, in whole microseconds.
        reason: The reason code; None: there is none.
        body: The object as it was then.
    """

    key: ObjectKey
    state: str
    updated: Instant
    reason: str | None = None
    body: Body

    @property
    def identity(self) -> EventKey:
        """What makes it the same event when it comes again."""
        return EventKey(self.key, self.state, self.updated)


class KnownPermission(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="permission"):
    """What the ledger knows of a charge permission: its latest state. Speaks of people."""

    permission: Permission
    state: str
    reason: str | None
    updated: Instant


class Refunds(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What was posted as refunded of a charge, in minor units.

    Args:
        amount: How much it is.
        fee: What of the percentage fee came back with it.
        latest: When the last of it was.
    """

    amount: int = 0
    fee: int = 0
    latest: Instant | None = None


class Decline(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """How a charge was declined: the body as it was told then, when, and why."""

    charge: Charge
    updated: Instant
    reason: str | None


class KnownCharge(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="charge"):
    """What the ledger knows of a charge. Members are stored by their place, so there are only ever more of them.

    Args:
        charge: As its latest state told it.
        updated: When it came into that state.
        states: Every state that it was in.
        capture_started: When its capture began; None: it has not.
        captured: What was posted as captured, in minor units.
        percentage_fee: What was posted as percentage fee, in minor units and without sign.
        refunded: What older versions have in the place of `refunds`: the amount.
        state: The latest state; older versions did not keep it.
        capture: As the state that was posted as captured told it; None: as `charge` does.
        refunds: None: an older version stored the charge.
        held: Since when it is known to have been authorized; None: it is not, or an older version stored that.
        decline: Of one that was told as an authorization that failed, because it is not known to have been authorized
            before.
    """

    charge: Charge
    updated: Instant
    states: tuple[str, ...]
    capture_started: Instant | None = None
    captured: int = 0
    percentage_fee: int = 0
    refunded: int = 0
    state: str = ""
    capture: Charge | None = None
    refunds: Refunds | None = None
    held: Instant | None = None
    decline: Decline | None = None

    @property
    def as_captured(self) -> Charge:
        """The charge as it was when it was captured, if it was."""
        return self.capture or self.charge


class KnownRefunds(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="refunds"):
    """What the ledger knows of a charge of which only refunds were imported: these, by currency."""

    refunds: dict[str, Refunds]


class KnownOther(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="other"):
    """What the ledger knows of a refund or an adjustment: every state that it was in."""

    states: tuple[str, ...]


Known = KnownPermission | KnownCharge | KnownRefunds | KnownOther


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction to settle.

    Args:
        net: What it brings the merchant after fees.
        fact: Its line in the settlement report; `at` is the time of posting.
    """

    net: Money
    fact: Fact


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An event with what reports tell of it.

    Args:
        facts: The lines of the reports but settlement.
        posting: What it has to settle, if anything.
    """

    event: Event
    facts: tuple[Fact, ...] = ()
    posting: Posting | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What to append to the ledger.

    Args:
        entries: One for each event that is new and not refused, in the order in which they were recorded.
        known: What is known of the objects that changed, in the place of what was.
        refused: Events that contradict what is known, with the reason.
    """

    entries: list[Entry]
    known: dict[ObjectKey, Known]
    refused: dict[EventKey, str] = {}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to settle in one currency of an account.

    Args:
        number: Of the settlement to come: from 1, never given twice in a database.
        start: What `period_start` says; for the first one the posting time of the first transaction.
        carried: What the settlement before left behind, in minor units.
        carried_over: How much of that could not be paid out; the rest was held back.
        postings: How many there are that were posted before the end and not settled yet.
        net: The sum of these, in minor units.
    """

    account: Account
    currency: str
    number: int
    start: Instant
    carried: int = 0
    carried_over: int = 0
    postings: int = 0
    net: int = 0


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """A closed period in one currency; all amounts in minor units.

    Always opening + net = paid + reserved + carried_over, and the next one opens with the last two together.

    Args:
        settlement_id: Ten digits.
        start: Where the period begins; a posting that came late may be earlier.
        end: Where it ends; no posting is at it or behind it.
        opening_carryover: How much of `opening` could not be paid out before; the rest was held back.
        paid: What goes to the bank; 0: nothing does.
        reserved: What is held back.
        carried_over: What could not be paid out; negative: the merchant owes it.
    """

    account: Account
    currency: str
    number: int
    settlement_id: str
    start: Instant
    end: Instant
    postings: int
    opening: int
    net: int
    paid: int
    reserved: int
    carried_over: int
    opening_carryover: int = 0


class Disbursement(msgspec.Struct, frozen=True, kw_only=True):
    """A payment to the merchant's bank account (contract 4.13).

    Args:
        reference_id: Stands on the bank statement too.
        at: The time of the settlement.
    """

    account: Account
    settlement_id: str
    reference_id: str
    amount: Money
    at: Instant


class Accounting(msgspec.Struct, frozen=True, kw_only=True):
    """Where a merchant's live settlements stand.

    Args:
        first_posted: The posting time of the first transaction.
        open_since: The least posting time of those that are in no settlement, or the end of a settlement that left a
            positive balance behind, if that is less; None: there is nothing to settle.
        closed_until: The end of the last period that was closed, whether there was anything to settle or not.
    """

    merchant: Merchant
    first_posted: Instant
    open_since: Instant | None
    closed_until: Instant | None


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=encode_instant)
_DECODER: Final[msgspec.msgpack.Decoder[Known]] = msgspec.msgpack.Decoder(
    Known, dec_hook=decode_instant
)


def pack(known: Known) -> bytes:
    """The form that is stored. What is known of a charge permission speaks of people."""
    return _ENCODER.encode(known)


def unpack(stored: bytes) -> Known:
    """What `pack` packed."""
    return _DECODER.decode(stored)
