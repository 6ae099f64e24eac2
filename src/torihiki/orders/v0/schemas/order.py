"""The wire types of an order, of a page of orders, and of an order's buyer and address."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from torihiki.orders.v0.schemas.bounded import (
    LIST_BOUND,
    AmazonOrderId,
    Quantity,
    Text,
    Time,
    Token,
)
from torihiki.orders.v0.schemas.choices import (
    BuyerInvoicePreference,
    EasyShipShipmentStatus,
    ElectronicInvoiceStatus,
    FulfillmentChannel,
    OrderStatus,
    OrderType,
    PaymentMethod,
)
from torihiki.orders.v0.schemas.parts import Address, DeliveryPreferences, Money, TaxClassification


class BuyerTaxInfo(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a business buyer is taxed under; personal data."""

    company_legal_name: Text | UnsetType = UNSET
    taxing_region: Text | UnsetType = UNSET
    tax_classifications: Annotated[tuple[TaxClassification, ...], LIST_BOUND] | UnsetType = UNSET


class BuyerInfo(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The buyer of an order; name, tax details and purchase order number are personal data.

    An empty object is a usual value.
    """

    buyer_email: Text | UnsetType = UNSET
    buyer_name: Text | UnsetType = UNSET
    buyer_county: Text | UnsetType = UNSET
    buyer_tax_info: BuyerTaxInfo | UnsetType = UNSET
    purchase_order_number: Text | UnsetType = UNSET


class OrderBuyerInfo(BuyerInfo, frozen=True, kw_only=True, rename="pascal"):
    """The buyer of the order with this id."""

    amazon_order_id: AmazonOrderId


class OrderAddress(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where the order with this id goes."""

    amazon_order_id: AmazonOrderId
    buyer_company_name: Text | UnsetType = UNSET
    shipping_address: Address | UnsetType = UNSET
    delivery_preferences: DeliveryPreferences | UnsetType = UNSET


class BuyerTaxInformation(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a Turkish business buyer's invoice must name."""

    buyer_legal_company_name: Text | UnsetType = UNSET
    buyer_business_address: Text | UnsetType = UNSET
    buyer_tax_registration_id: Text | UnsetType = UNSET
    buyer_tax_office: Text | UnsetType = UNSET


class MarketplaceTaxInfo(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What the marketplace itself is taxed under; Brazil only."""

    tax_classifications: Annotated[tuple[TaxClassification, ...], LIST_BOUND] | UnsetType = UNSET


class PaymentExecutionDetailItem(Struct, frozen=True, kw_only=True, rename="pascal"):
    """One of the payments that together pay for an order.

    The method's values go beyond those of the order's own: COD, GC, PointsAccount, Invoice,
    CreditCard, Pix and others are in use.
    """

    payment: Money
    payment_method: Text
    acquirer_id: Text | UnsetType = UNSET
    card_brand: Text | UnsetType = UNSET
    authorization_code: Text | UnsetType = UNSET


class FulfillmentInstruction(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which of the seller's stores of goods should ship the order."""

    fulfillment_supply_source_id: Text | UnsetType = UNSET


class AutomatedShippingSettings(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The carrier and method, when Amazon chose them for the seller."""

    has_automated_shipping_settings: bool | UnsetType = UNSET
    automated_carrier: Text | UnsetType = UNSET
    automated_ship_method: Text | UnsetType = UNSET


class Order(Struct, frozen=True, kw_only=True, rename="pascal"):
    """An order, with the members that only a restricted data token opens."""

    amazon_order_id: AmazonOrderId
    seller_order_id: Text | UnsetType = UNSET
    purchase_date: Time
    last_update_date: Time
    order_status: OrderStatus
    fulfillment_channel: FulfillmentChannel | UnsetType = UNSET
    sales_channel: Text | UnsetType = UNSET
    order_channel: Text | UnsetType = UNSET
    ship_service_level: Text | UnsetType = UNSET
    order_total: Money | UnsetType = UNSET
    number_of_items_shipped: Quantity | UnsetType = UNSET
    number_of_items_unshipped: Quantity | UnsetType = UNSET
    payment_execution_detail: (
        Annotated[tuple[PaymentExecutionDetailItem, ...], LIST_BOUND] | UnsetType
    ) = UNSET
    payment_method: PaymentMethod | UnsetType = UNSET
    payment_method_details: Annotated[tuple[Text, ...], LIST_BOUND] | UnsetType = UNSET
    marketplace_id: Text | UnsetType = UNSET
    shipment_service_level_category: Text | UnsetType = UNSET
    easy_ship_shipment_status: EasyShipShipmentStatus | UnsetType = UNSET
    cba_displayable_shipping_label: Text | UnsetType = UNSET
    order_type: OrderType | UnsetType = UNSET
    earliest_ship_date: Time | UnsetType = UNSET
    latest_ship_date: Time | UnsetType = UNSET
    earliest_delivery_date: Time | UnsetType = UNSET
    latest_delivery_date: Time | UnsetType = UNSET
    is_business_order: bool | UnsetType = UNSET
    is_prime: bool | UnsetType = UNSET
    is_premium_order: bool | UnsetType = UNSET
    is_global_express_enabled: bool | UnsetType = UNSET
    replaced_order_id: Text | UnsetType = UNSET
    is_replacement_order: bool | UnsetType = UNSET
    promise_response_due_date: Time | UnsetType = UNSET
    is_estimated_ship_date_set: bool | UnsetType = UNSET
    is_sold_by_ab: bool | UnsetType = field(default=UNSET, name="IsSoldByAB")
    is_iba: bool | UnsetType = field(default=UNSET, name="IsIBA")
    default_ship_from_location_address: Address | UnsetType = UNSET
    buyer_invoice_preference: BuyerInvoicePreference | UnsetType = UNSET
    buyer_tax_information: BuyerTaxInformation | UnsetType = UNSET
    fulfillment_instruction: FulfillmentInstruction | UnsetType = UNSET
    is_ispu: bool | UnsetType = field(default=UNSET, name="IsISPU")
    is_access_point_order: bool | UnsetType = UNSET
    marketplace_tax_info: MarketplaceTaxInfo | UnsetType = UNSET
    seller_display_name: Text | UnsetType = UNSET
    shipping_address: Address | UnsetType = UNSET
    buyer_info: BuyerInfo | UnsetType = UNSET
    automated_shipping_settings: AutomatedShippingSettings | UnsetType = UNSET
    has_regulated_items: bool | UnsetType = UNSET
    electronic_invoice_status: ElectronicInvoiceStatus | UnsetType = UNSET


class OrdersList(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A page of orders; without a token there is no further page.

    Of the two bounds the one of the date that was searched by is there, also when the caller sent
    none (contract 1.4).
    """

    orders: Annotated[tuple[Order, ...], LIST_BOUND]
    next_token: Token | UnsetType = UNSET
    last_updated_before: Time | UnsetType = UNSET
    created_before: Time | UnsetType = UNSET
