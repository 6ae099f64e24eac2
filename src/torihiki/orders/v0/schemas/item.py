"""The wire types of order items and of what their buyer asked for."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from torihiki.orders.v0.schemas.bounded import (
    LIST_BOUND,
    AmazonOrderId,
    FlagText,
    Identifier,
    Magnitude,
    Quantity,
    Text,
    Time,
    Token,
    Url,
)
from torihiki.orders.v0.schemas.choices import (
    AssociationType,
    ConstraintType,
    MeasurementUnit,
    SubstitutionType,
)
from torihiki.orders.v0.schemas.parts import Money


class ProductInfoDetail(Struct, frozen=True, kw_only=True, rename="pascal"):
    """How many pieces one unit holds; the number is a string."""

    number_of_items: Text | UnsetType = UNSET


class PointsGrantedDetail(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The loyalty points that the buyer got, and their worth."""

    points_number: Quantity | UnsetType = UNSET
    points_monetary_value: Money | UnsetType = UNSET


class TaxCollection(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Who hands the tax on to the state.

    Amazon names one value for each member, but others and the empty string occur, so they are
    text here (contract 1.7).
    """

    model: Text | UnsetType = UNSET
    responsible_party: Text | UnsetType = UNSET


class AssociatedItem(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Another order item that belongs to this one."""

    order_id: Text | UnsetType = UNSET
    order_item_id: Text | UnsetType = UNSET
    association_type: AssociationType | UnsetType = UNSET


class Measurement(Struct, frozen=True, kw_only=True, rename="pascal"):
    """How much of something that is sold by weight, length, area or volume."""

    unit: MeasurementUnit
    value: Magnitude


class SubstitutionOption(Struct, frozen=True, kw_only=True, rename="pascal"):
    """An item that the buyer would take in place of the ordered one."""

    asin: Text | UnsetType = field(default=UNSET, name="ASIN")
    quantity_ordered: Quantity | UnsetType = UNSET
    seller_sku: Text | UnsetType = field(default=UNSET, name="SellerSKU")
    title: Text | UnsetType = UNSET
    measurement: Measurement | UnsetType = UNSET


class SubstitutionPreferences(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What the buyer wants when the item is out of stock; grocery only."""

    substitution_type: SubstitutionType
    substitution_options: Annotated[tuple[SubstitutionOption, ...], LIST_BOUND] | UnsetType = UNSET


class ShippingConstraints(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What the carrier must do when it hands the item over."""

    pallet_delivery: ConstraintType | UnsetType = UNSET
    signature_confirmation: ConstraintType | UnsetType = UNSET
    recipient_identity_verification: ConstraintType | UnsetType = UNSET
    recipient_age_verification: ConstraintType | UnsetType = UNSET


class AmazonPrograms(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The sales programmes that the item was bought through, such as SUBSCRIBE_AND_SAVE."""

    programs: Annotated[tuple[Text, ...], LIST_BOUND]


class BuyerRequestedCancel(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Whether the buyer wants the item called off, and why."""

    is_buyer_requested_cancel: FlagText | UnsetType = UNSET
    buyer_cancel_reason: Text | UnsetType = UNSET


class BuyerCustomizedInfoDetail(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where the ZIP file with the buyer's own design can be fetched; personal data."""

    customized_url: Url | UnsetType = field(default=UNSET, name="CustomizedURL")


class ItemBuyerInfo(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What the buyer asked for with one item; the design and the gift message are personal data.

    An empty object is a usual value.
    """

    buyer_customized_info: BuyerCustomizedInfoDetail | UnsetType = UNSET
    gift_wrap_price: Money | UnsetType = UNSET
    gift_wrap_tax: Money | UnsetType = UNSET
    gift_message_text: Text | UnsetType = UNSET
    gift_wrap_level: Text | UnsetType = UNSET


class OrderItemBuyerInfo(ItemBuyerInfo, frozen=True, kw_only=True, rename="pascal"):
    """What the buyer asked for with the item that has this id."""

    order_item_id: Identifier


class OrderItemsBuyerInfoList(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A page of what the buyer asked for, by item of one order."""

    order_items: Annotated[tuple[OrderItemBuyerInfo, ...], LIST_BOUND]
    next_token: Token | UnsetType = UNSET
    amazon_order_id: AmazonOrderId


class OrderItem(Struct, frozen=True, kw_only=True, rename="pascal"):
    """One line of an order. Its price is for the whole line, not for one unit."""

    asin: Identifier = field(name="ASIN")
    seller_sku: Text | UnsetType = field(default=UNSET, name="SellerSKU")
    order_item_id: Identifier
    associated_items: Annotated[tuple[AssociatedItem, ...], LIST_BOUND] | UnsetType = UNSET
    title: Text | UnsetType = UNSET
    quantity_ordered: Quantity
    quantity_shipped: Quantity | UnsetType = UNSET
    product_info: ProductInfoDetail | UnsetType = UNSET
    points_granted: PointsGrantedDetail | UnsetType = UNSET
    item_price: Money | UnsetType = UNSET
    shipping_price: Money | UnsetType = UNSET
    item_tax: Money | UnsetType = UNSET
    shipping_tax: Money | UnsetType = UNSET
    shipping_discount: Money | UnsetType = UNSET
    shipping_discount_tax: Money | UnsetType = UNSET
    promotion_discount: Money | UnsetType = UNSET
    promotion_discount_tax: Money | UnsetType = UNSET
    promotion_ids: Annotated[tuple[Text, ...], LIST_BOUND] | UnsetType = UNSET
    cod_fee: Money | UnsetType = field(default=UNSET, name="CODFee")
    cod_fee_discount: Money | UnsetType = field(default=UNSET, name="CODFeeDiscount")
    is_gift: FlagText | UnsetType = UNSET
    condition_note: Text | UnsetType = UNSET
    condition_id: Text | UnsetType = UNSET
    condition_subtype_id: Text | UnsetType = UNSET
    scheduled_delivery_start_date: Time | UnsetType = UNSET
    scheduled_delivery_end_date: Time | UnsetType = UNSET
    price_designation: Text | UnsetType = UNSET
    tax_collection: TaxCollection | UnsetType = UNSET
    serial_number_required: bool | UnsetType = UNSET
    is_transparency: bool | UnsetType = UNSET
    ioss_number: Text | UnsetType = UNSET
    store_chain_store_id: Text | UnsetType = UNSET
    # Amazon names IOSS and UOSS, but SG_VOEC, CA_MPF and more occur (contract 1.7).
    deemed_reseller_category: Text | UnsetType = UNSET
    buyer_info: ItemBuyerInfo | UnsetType = UNSET
    buyer_requested_cancel: BuyerRequestedCancel | UnsetType = UNSET
    serial_numbers: Annotated[tuple[Text, ...], LIST_BOUND] | UnsetType = UNSET
    substitution_preferences: SubstitutionPreferences | UnsetType = UNSET
    measurement: Measurement | UnsetType = UNSET
    shipping_constraints: ShippingConstraints | UnsetType = UNSET
    amazon_programs: AmazonPrograms | UnsetType = UNSET


class OrderItemsList(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A page of the items of one order; without a token there is no further page."""

    order_items: Annotated[tuple[OrderItem, ...], LIST_BOUND]
    next_token: Token | UnsetType = UNSET
    amazon_order_id: AmazonOrderId
