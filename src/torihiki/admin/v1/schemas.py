"""The members of the operator's requests and answers.

Requests are strict: a member that is not known is refused, so that a misspelt one is never silently without effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

PAGE_SIZE_MAX: Final = 1000

# `(?!\n)` because `$` lets a trailing newline through in Python.
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
Identifier = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:-]+$(?!\n)")]
OrderId = Annotated[str, Meta(pattern=r"^[0-9]{3}-[0-9]{7}-[0-9]{7}$(?!\n)")]
RoleName = Annotated[str, Meta(min_length=1, max_length=100)]
MarketplaceIds = Annotated[list[Identifier], Meta(min_length=1, max_length=100)]
Roles = Annotated[list[RoleName], Meta(max_length=50)]
Time = Annotated[str, Meta(max_length=64, extra_json_schema={"format": "date-time"})]
Duration = Annotated[str, Meta(max_length=64, extra_json_schema={"format": "duration"})]
RedirectUri = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"^[!-~]+$(?!\n)")]
Rate = Annotated[float, Meta(ge=0.0001, le=1_000_000)]
Burst = Annotated[int, Meta(ge=1, le=1_000_000)]
PageSize = Annotated[int, Meta(ge=1, le=PAGE_SIZE_MAX)]
PageToken = Annotated[str, Meta(min_length=1, max_length=1000)]


class Request(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What every request body is."""


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What every answer is."""


class SellerRequest(Request, frozen=True, kw_only=True):
    """A new seller; without `sellerId` it gets one."""

    seller_id: Identifier | UnsetType = UNSET
    name: Name
    marketplace_ids: MarketplaceIds


class SellerPatch(Request, frozen=True, kw_only=True):
    """What changes of a seller."""

    name: Name | UnsetType = UNSET
    marketplace_ids: MarketplaceIds | UnsetType = UNSET


class SellerView(View, frozen=True, kw_only=True):
    """A seller."""

    seller_id: str
    name: str
    marketplace_ids: Sequence[str]
    created_at: str


class SellerPage(View, frozen=True, kw_only=True):
    """Some of the sellers."""

    sellers: list[SellerView]
    next_token: str | UnsetType = UNSET


class ApplicationRequest(Request, frozen=True, kw_only=True):
    """A new application."""

    name: Name
    roles: Roles


class ApplicationPatch(Request, frozen=True, kw_only=True):
    """What changes of an application; `secretExpiresAt` null takes the end away."""

    name: Name | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    secret_expires_at: Time | UnsetType | None = UNSET


class ApplicationView(View, frozen=True, kw_only=True):
    """An application; its secret is only in the answer that made it."""

    application_id: str
    name: str
    client_id: str
    client_secret: str | UnsetType = UNSET
    roles: Sequence[str]
    secret_expires_at: str | None
    created_at: str


class ApplicationPage(View, frozen=True, kw_only=True):
    """Some of the applications."""

    applications: list[ApplicationView]
    next_token: str | UnsetType = UNSET


class SecretView(View, frozen=True, kw_only=True):
    """The new secret, shown only now."""

    client_secret: str


class AuthorizationRequest(Request, frozen=True, kw_only=True):
    """A seller's word that an application may act for it."""

    application_id: Identifier
    seller_id: Identifier


class AuthorizationView(View, frozen=True, kw_only=True):
    """An authorisation; its refresh token is only in the answer that made it."""

    authorization_id: str
    application_id: str
    seller_id: str
    refresh_token: str | UnsetType = UNSET
    created_at: str
    revoked_at: str | None


class AuthorizationPage(View, frozen=True, kw_only=True):
    """Some of the authorisations."""

    authorizations: list[AuthorizationView]
    next_token: str | UnsetType = UNSET


class CodeRequest(Request, frozen=True, kw_only=True):
    """A new authorisation code; with `redirectUri` the exchange must repeat it."""

    redirect_uri: RedirectUri | UnsetType = UNSET


class CodeView(View, frozen=True, kw_only=True):
    """The code, shown only now."""

    code: str
    expires_in: int


class PlanRequest(Request, frozen=True, kw_only=True):
    """Calls a second, and how many at once."""

    rate: Rate
    burst: Burst


class PlanView(View, frozen=True, kw_only=True):
    """The usage plan of one pair for one operation."""

    application_id: str
    seller_id: str
    operation: str
    rate: float
    burst: int


class PlanPage(View, frozen=True, kw_only=True):
    """Some of the usage plans."""

    usage_plans: list[PlanView]
    next_token: str | UnsetType = UNSET


class AuditEntryView(View, frozen=True, kw_only=True):
    """One answer that showed restricted data: who saw which elements of which orders."""

    at: str
    request_id: str
    seller_id: str
    application_id: str
    token_id: str
    operation: str
    elements: Sequence[str]
    order_ids: Sequence[str]


class AuditPage(View, frozen=True, kw_only=True):
    """Some of the entries; there are more as long as there is a `nextToken`, also where a page is empty."""

    entries: list[AuditEntryView]
    next_token: str | UnsetType = UNSET


class ClockRequest(Request, frozen=True, kw_only=True):
    """What the clock shall do: `now` or `advance` first, then `running`."""

    now: Time | UnsetType = UNSET
    advance: Duration | UnsetType = UNSET
    running: bool | UnsetType = UNSET


class ClockView(View, frozen=True, kw_only=True):
    """What the clock shows; `offset` is how far it is ahead of the machine's."""

    now: str
    running: bool
    offset: str


class BadLine(View, frozen=True, kw_only=True):
    """A line that was not kept, and why."""

    line: int
    reason: str


class ImportReport(View, frozen=True, kw_only=True):
    """How an import went; every line that is not among the errors was kept."""

    imported: int
    failed: int
    errors: list[BadLine]


class PaymentImportReport(ImportReport, frozen=True, kw_only=True):
    """How an import of payments went; `new` of the imported lines were not in the ledger before."""

    new: int


Region = Literal["na", "eu", "jp"]
Environment = Literal["live", "sandbox"]


class MerchantRequest(Request, frozen=True, kw_only=True):
    """A seller's new account with Amazon Pay; it gets an id."""

    seller_id: Identifier
    region: Region


class MerchantView(View, frozen=True, kw_only=True):
    """An account with Amazon Pay."""

    merchant_id: str
    seller_id: str
    region: str
    created_at: str


class MerchantPage(View, frozen=True, kw_only=True):
    """Some of the accounts."""

    merchants: list[MerchantView]
    next_token: str | UnsetType = UNSET


class PayKeyRequest(Request, frozen=True, kw_only=True):
    """A public key of a merchant; without `publicKeyId` it gets an id of its environment.

    A key without a prefix is good in both environments unless `environment` names one.
    """

    public_key_id: Identifier | UnsetType = UNSET
    environment: Environment | UnsetType = UNSET
    public_key_pem: Annotated[str, Meta(min_length=1)]


class PayKeyView(View, frozen=True, kw_only=True):
    """A public key; `environment` is null where it is good in both."""

    public_key_id: str
    merchant_id: str
    environment: str | None
    public_key_pem: str
    created_at: str
    revoked_at: str | None


class PayKeyPage(View, frozen=True, kw_only=True):
    """Some of the keys."""

    keys: list[PayKeyView]
    next_token: str | UnsetType = UNSET


Reason = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
OrderItemIds = Annotated[list[Identifier], Meta(max_length=1_000)]
Pieces = Annotated[int, Meta(ge=1, le=10**9)]
InvoiceStatus = Literal["NotRequired", "NotFound", "Processing", "Errored", "Accepted"]
ParcelStatus = Literal[
    "PendingSchedule", "PendingPickUp", "PendingDropOff", "LabelCanceled", "PickedUp", "DroppedOff", "AtOriginFC",
    "AtDestinationFC", "Delivered", "RejectedByBuyer", "Undeliverable", "ReturningToSeller", "ReturnedToSeller", "Lost",
    "OutForDelivery", "Damaged",
]  # fmt: skip


class OrderEvent(Request, frozen=True, kw_only=True, tag_field="event"):
    """Something that happens to an order of this seller."""

    seller_id: Identifier


class PreorderReleased(OrderEvent, frozen=True, kw_only=True, tag="preorder_released"):
    """The release date of a pre-order has come."""


class PaymentAuthorized(OrderEvent, frozen=True, kw_only=True, tag="payment_authorized"):
    """The buyer's payment has gone through: the order may be shipped and shows prices and address."""


class CancelRequested(OrderEvent, frozen=True, kw_only=True, tag="cancel_requested"):
    """The buyer asks the seller to cancel these items; without `orderItemIds` all."""

    reason: Reason = ""
    order_item_ids: OrderItemIds = []


class Canceled(OrderEvent, frozen=True, kw_only=True, tag="canceled"):
    """The order is called off."""

    reason: Reason | UnsetType = UNSET
    canceled_by: Literal["buyer", "seller", "amazon"] | UnsetType = UNSET


class ShippedItem(Request, frozen=True, kw_only=True):
    """Pieces of one item."""

    order_item_id: Identifier
    quantity: Pieces


class Shipped(OrderEvent, frozen=True, kw_only=True, tag="shipped"):
    """Sent without a confirmation, as Amazon does it; without `items` everything that is left."""

    items: Annotated[list[ShippedItem], Meta(min_length=1, max_length=1_000)] | UnsetType = UNSET


class InvoiceMoved(OrderEvent, frozen=True, kw_only=True, tag="invoice_status"):
    """The electronic invoice is at another point."""

    electronic_invoice_status: InvoiceStatus


class InvoiceConfirmed(OrderEvent, frozen=True, kw_only=True, tag="invoice_confirmed"):
    """The invoice that an order waits for was accepted."""


class Delivered(OrderEvent, frozen=True, kw_only=True, tag="delivered"):
    """The order is with the buyer."""


class ParcelMoved(OrderEvent, frozen=True, kw_only=True, tag="easy_ship_status"):
    """The parcel of an Easy Ship order took a step."""

    easy_ship_shipment_status: ParcelStatus


class Unfulfillable(OrderEvent, frozen=True, kw_only=True, tag="unfulfillable"):
    """Amazon cannot ship the order."""


AnyOrderEvent = (
    PreorderReleased
    | PaymentAuthorized
    | CancelRequested
    | Canceled
    | Shipped
    | InvoiceMoved
    | InvoiceConfirmed
    | Delivered
    | ParcelMoved
    | Unfulfillable
)


class OrderStanding(View, frozen=True, kw_only=True):
    """How the order stands after the event."""

    order_id: str
    order_status: str
    last_update_date: str


class HistoryEntryView(View, frozen=True, kw_only=True):
    """Something that happened to an order; `orderStatus` is what it was afterwards."""

    at: str
    event: str
    by: str
    order_status: str
    details: dict[str, Any]


class HistoryPage(View, frozen=True, kw_only=True):
    """Some of an order's history."""

    entries: list[HistoryEntryView]
    next_token: str | UnsetType = UNSET
