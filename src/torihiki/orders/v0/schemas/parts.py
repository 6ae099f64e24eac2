"""The wire types that both orders and order items are made of."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from torihiki.orders.v0.schemas.bounded import (
    LIST_BOUND,
    DecimalText,
    Hour,
    Latitude,
    Longitude,
    Minute,
    Text,
    Time,
)
from torihiki.orders.v0.schemas.choices import AddressType, DayOfWeek, OtherDeliveryAttributes


class Money(Struct, frozen=True, kw_only=True, rename="pascal"):
    """An amount in the major unit of a currency (ISO 4217 code)."""

    currency_code: Text | UnsetType = UNSET
    amount: DecimalText | UnsetType = UNSET


class GeoCoordinates(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A point on the map, in degrees."""

    latitude: Latitude | UnsetType = UNSET
    longitude: Longitude | UnsetType = UNSET


class AddressExtendedFields(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The parts of an address line one by one; Brazil and grocery orders."""

    street_name: Text | UnsetType = UNSET
    street_number: Text | UnsetType = UNSET
    complement: Text | UnsetType = UNSET
    neighborhood: Text | UnsetType = UNSET
    geo_coordinates: GeoCoordinates | UnsetType = UNSET


class Address(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A postal address, of a buyer or of the place that the seller ships from."""

    name: Text | UnsetType = UNSET
    company_name: Text | UnsetType = UNSET
    address_line_1: Text | UnsetType = UNSET
    address_line_2: Text | UnsetType = UNSET
    address_line_3: Text | UnsetType = UNSET
    city: Text | UnsetType = UNSET
    county: Text | UnsetType = UNSET
    district: Text | UnsetType = UNSET
    state_or_region: Text | UnsetType = UNSET
    municipality: Text | UnsetType = UNSET
    postal_code: Text | UnsetType = UNSET
    country_code: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    extended_fields: AddressExtendedFields | UnsetType = UNSET
    address_type: AddressType | UnsetType = UNSET


class TaxClassification(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A tax number of the buyer under the name that it has there, such as CPF or VAT."""

    name: Text | UnsetType = UNSET
    value: Text | UnsetType = UNSET


class OpenTimeInterval(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A time of day at the place of delivery."""

    hour: Hour | UnsetType = UNSET
    minute: Minute | UnsetType = UNSET


class OpenInterval(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A stretch of a day in which goods are taken in."""

    start_time: OpenTimeInterval | UnsetType = UNSET
    end_time: OpenTimeInterval | UnsetType = UNSET


class BusinessHours(Struct, frozen=True, kw_only=True, rename="pascal"):
    """When goods are taken in on one day of every week."""

    day_of_week: DayOfWeek | UnsetType = UNSET
    open_intervals: Annotated[tuple[OpenInterval, ...], LIST_BOUND] | UnsetType = UNSET


class ExceptionDates(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A date on which the weekly hours do not hold."""

    exception_date: Time | UnsetType = UNSET
    is_open: bool | UnsetType = UNSET
    open_intervals: Annotated[tuple[OpenInterval, ...], LIST_BOUND] | UnsetType = UNSET


class PreferredDeliveryTime(Struct, frozen=True, kw_only=True, rename="pascal"):
    """When the buyer would like the delivery."""

    business_hours: Annotated[tuple[BusinessHours, ...], LIST_BOUND] | UnsetType = UNSET
    exception_dates: Annotated[tuple[ExceptionDates, ...], LIST_BOUND] | UnsetType = UNSET


class DeliveryPreferences(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What the buyer asks of the one who delivers."""

    drop_off_location: Text | UnsetType = UNSET
    preferred_delivery_time: PreferredDeliveryTime | UnsetType = UNSET
    other_attributes: Annotated[tuple[OtherDeliveryAttributes, ...], LIST_BOUND] | UnsetType = UNSET
    address_instructions: Text | UnsetType = UNSET
