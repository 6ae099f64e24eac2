"""The closed value sets of Orders v0; spelling is Amazon's and case matters (contract 1.6).

A set that real responses have been seen to leave is not here: its member is plain text.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

FulfillmentChannel = Literal["AFN", "MFN", "SellerFulfilled"]
"""AFN: from Amazon's warehouses. MFN: by the seller. The third is an old spelling of MFN that may be
stored and is then served as it is, but is no filter value."""

DayOfWeek = Literal["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

MeasurementUnit = Literal[
    "OUNCES",
    "POUNDS",
    "KILOGRAMS",
    "GRAMS",
    "MILLIGRAMS",
    "INCHES",
    "FEET",
    "METERS",
    "CENTIMETERS",
    "MILLIMETERS",
    "SQUARE_METERS",
    "SQUARE_CENTIMETERS",
    "SQUARE_FEET",
    "SQUARE_INCHES",
    "GALLONS",
    "PINTS",
    "QUARTS",
    "FLUID_OUNCES",
    "LITERS",
    "CUBIC_METERS",
    "CUBIC_FEET",
    "CUBIC_INCHES",
    "CUBIC_CENTIMETERS",
    "COUNT",
]


class OrderStatus(StrEnum):
    """How far an order has come."""

    PENDING_AVAILABILITY = "PendingAvailability"
    """A pre-order: the release date lies ahead and nothing is paid yet."""
    PENDING = "Pending"
    """Placed, but the payment has not gone through."""
    UNSHIPPED = "Unshipped"
    """Paid; the seller may ship."""
    PARTIALLY_SHIPPED = "PartiallyShipped"
    """Some units have left, others have not."""
    SHIPPED = "Shipped"
    """Every unit has left."""
    INVOICE_UNCONFIRMED = "InvoiceUnconfirmed"
    """Every unit has left; that the buyer got an invoice is still to be confirmed."""
    CANCELED = "Canceled"
    """Called off. One l, unlike `VerificationStatus.CANCELLED`."""
    UNFULFILLABLE = "Unfulfillable"
    """Cannot be shipped; happens to Multi-Channel Fulfilment orders only."""


class PaymentMethod(StrEnum):
    """How the buyer pays for the order as a whole."""

    COD = "COD"
    """Cash at the door."""
    CVS = "CVS"
    """At the till of a convenience store."""
    OTHER = "Other"
    """Any other way, cards included."""


class OrderType(StrEnum):
    """What kind of promise the seller made."""

    STANDARD_ORDER = "StandardOrder"
    """Goods in stock."""
    LONG_LEAD_TIME_ORDER = "LongLeadTimeOrder"
    """Goods that take long to get or make."""
    PREORDER = "Preorder"
    """Goods that are not released yet."""
    BACK_ORDER = "BackOrder"
    """Goods that are released but out of stock."""
    SOURCING_ON_DEMAND_ORDER = "SourcingOnDemandOrder"
    """Goods that are sourced once ordered."""


class EasyShipShipmentStatus(StrEnum):
    """Where the parcel of an Easy Ship order is."""

    PENDING_SCHEDULE = "PendingSchedule"
    """No pick-up has been arranged."""
    PENDING_PICK_UP = "PendingPickUp"
    """The pick-up is arranged and has not taken place."""
    PENDING_DROP_OFF = "PendingDropOff"
    """The seller is to hand the parcel in."""
    LABEL_CANCELED = "LabelCanceled"
    """The seller called the pick-up off."""
    PICKED_UP = "PickedUp"
    """The carrier took the parcel from the seller."""
    DROPPED_OFF = "DroppedOff"
    """The seller handed the parcel in."""
    AT_ORIGIN_FC = "AtOriginFC"
    """In the fulfilment centre that it sets out from."""
    AT_DESTINATION_FC = "AtDestinationFC"
    """In the fulfilment centre that it is bound for."""
    DELIVERED = "Delivered"
    """With the buyer."""
    REJECTED_BY_BUYER = "RejectedByBuyer"
    """The buyer did not take it."""
    UNDELIVERABLE = "Undeliverable"
    """It cannot be brought to the buyer."""
    RETURNING_TO_SELLER = "ReturningToSeller"
    """Not delivered, on its way back."""
    RETURNED_TO_SELLER = "ReturnedToSeller"
    """Not delivered, back with the seller."""
    LOST = "Lost"
    """Nobody knows where it is."""
    OUT_FOR_DELIVERY = "OutForDelivery"
    """On the last leg to the buyer."""
    DAMAGED = "Damaged"
    """The carrier damaged it."""


class ElectronicInvoiceStatus(StrEnum):
    """What became of the electronic invoice of an order."""

    NOT_REQUIRED = "NotRequired"
    """None is needed."""
    NOT_FOUND = "NotFound"
    """One is needed and none was sent."""
    PROCESSING = "Processing"
    """The one that was sent is being looked at."""
    ERRORED = "Errored"
    """The last one that was sent was turned down."""
    ACCEPTED = "Accepted"
    """The last one that was sent was taken."""


class VerificationStatus(StrEnum):
    """What became of the check that a regulated order needs."""

    PENDING = "Pending"
    """Not decided."""
    APPROVED = "Approved"
    """May be sold."""
    REJECTED = "Rejected"
    """May not be sold."""
    EXPIRED = "Expired"
    """Nobody decided in time."""
    CANCELLED = "Cancelled"
    """The order went away first. Two l, unlike `OrderStatus.CANCELED`."""


class RegulatedFieldType(StrEnum):
    """What the value of a regulated field is."""

    TEXT = "Text"
    """The text itself."""
    FILE_ATTACHMENT = "FileAttachment"
    """A URL from which a file can be fetched."""


class AddressType(StrEnum):
    """Who lives at an address."""

    RESIDENTIAL = "Residential"
    """A household."""
    COMMERCIAL = "Commercial"
    """A business."""


class BuyerInvoicePreference(StrEnum):
    """Whom the buyer wants the invoice made out to; Turkey only."""

    INDIVIDUAL = "INDIVIDUAL"
    """A person."""
    BUSINESS = "BUSINESS"
    """A company."""


class OtherDeliveryAttributes(StrEnum):
    """A further property of the place of delivery."""

    HAS_ACCESS_POINT = "HAS_ACCESS_POINT"
    """There is a pick-up point."""
    PALLET_ENABLED = "PALLET_ENABLED"
    """Pallets can be unloaded."""
    PALLET_DISABLED = "PALLET_DISABLED"
    """Pallets cannot be unloaded."""


class SubstitutionType(StrEnum):
    """What to do when an ordered grocery item is out of stock."""

    CUSTOMER_PREFERENCE = "CUSTOMER_PREFERENCE"
    """Take one of the items that the buyer named."""
    AMAZON_RECOMMENDED = "AMAZON_RECOMMENDED"
    """Take one that Amazon proposes."""
    DO_NOT_SUBSTITUTE = "DO_NOT_SUBSTITUTE"
    """Leave it out."""


class ConstraintType(StrEnum):
    """How binding a shipping constraint is."""

    MANDATORY = "MANDATORY"
    """The only degree there is."""


class AssociationType(StrEnum):
    """Why two order items belong together."""

    VALUE_ADD_SERVICE = "VALUE_ADD_SERVICE"
    """The other one is a service for this one, such as its installation."""
