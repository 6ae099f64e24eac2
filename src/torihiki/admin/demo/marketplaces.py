"""The demo's two sellers and the four marketplaces on which they sell."""

from __future__ import annotations

from msgspec import Struct

Json = dict[str, object]


class DemoSeller(Struct, frozen=True, kw_only=True):
    """A seller of the demo; the home marketplace is the first."""

    seller_id: str
    name: str
    marketplace_ids: tuple[str, ...]


class Service(Struct, frozen=True, kw_only=True):
    """A way to ship: days until it must leave, and days on the road."""

    level: str
    category: str
    handling_days: int
    transit_days: int


class Market(Struct, frozen=True, kw_only=True):
    """What a marketplace puts into the orders placed there; fees are in minor units."""

    id: str
    seller: DemoSeller
    country: str
    currency: str
    decimals: int
    sales_channel: str
    mail_domain: str
    utc_offset: int
    tax_included: bool
    zero: Json
    services: tuple[Service, ...]
    prime_service: Service
    amazon_service: Service
    pickup_service: Service
    shipping_fees: tuple[int, ...]
    gift_level: str
    gift_fee: int
    coupons: tuple[str, ...]
    ship_from: Json
    supply_sources: tuple[str, ...]
    stores: tuple[str, ...]
    own_prefix: str


def money(market: Market, minor: int) -> Json:
    """The wire's Money of an amount in minor units; yen have no decimals."""
    if minor == 0:
        return market.zero
    if market.decimals:
        return {"CurrencyCode": market.currency, "Amount": f"{minor // 100}.{minor % 100:02d}"}
    return {"CurrencyCode": market.currency, "Amount": str(minor)}


JP_SELLER = DemoSeller(
    seller_id="A1TORIHIKIJP8K",
    name="風花商店",
    marketplace_ids=("A1VC38T7YXB528", "A39IBJ37TRP1C6"),
)
US_SELLER = DemoSeller(
    seller_id="A2TORIHIKIUS4M",
    name="Larkfield Provisions",
    marketplace_ids=("ATVPDKIKX0DER", "A2Q3Y263D00KWC"),
)
DEMO_SELLERS = (JP_SELLER, US_SELLER)

_HOUR = 3600


def _service(level: str, category: str, handling: int, transit: int) -> Service:
    return Service(level=level, category=category, handling_days=handling, transit_days=transit)


JP = Market(
    id="A1VC38T7YXB528",
    seller=JP_SELLER,
    country="JP",
    currency="JPY",
    decimals=0,
    sales_channel="Amazon.co.jp",
    mail_domain="marketplace.amazon.co.jp",
    utc_offset=9 * _HOUR,
    tax_included=True,
    zero={"CurrencyCode": "JPY", "Amount": "0"},
    services=(
        _service("Std JP Dom_1", "Standard", 2, 2),
        _service("Std JP Kanto8", "Standard", 1, 1),
        _service("Exp JP Dom_1", "Expedited", 1, 1),
    ),
    prime_service=_service("Std JP Prime", "NextDay", 1, 1),
    amazon_service=_service("Expedited", "Expedited", 1, 1),
    pickup_service=_service("Std JP Pickup", "Standard", 1, 0),
    shipping_fees=(0, 0, 350, 480, 660),
    gift_level="ギフトバッグ・青",
    gift_fee=320,
    coupons=("PLM-新生活クーポン-1", "PLM-夏のお茶まつり-2", "JP Core Free Shipping 2019"),
    ship_from={
        "Name": "風花商店 出荷センター",
        "AddressLine1": "広坂9丁目88-3",
        "City": "金沢市",
        "StateOrRegion": "石川県",
        "PostalCode": "920-0962",
        "CountryCode": "JP",
        "Phone": "076-000-0112",
        "AddressType": "Commercial",
    },
    supply_sources=("6f1f0c52-8d1c-4d3e-9a6b-5a0c3f7e2b11", "b0c7a9de-41f5-4f0a-8a57-0d9d5f1c6e22"),
    stores=("KZH-KANAZAWA-01", "KZH-SHIBUYA-02", "KZH-UMEDA-03"),
    own_prefix="KZ",
)

AU = Market(
    id="A39IBJ37TRP1C6",
    seller=JP_SELLER,
    country="AU",
    currency="AUD",
    decimals=2,
    sales_channel="Amazon.com.au",
    mail_domain="marketplace.amazon.com.au",
    utc_offset=10 * _HOUR,
    tax_included=True,
    zero={"CurrencyCode": "AUD", "Amount": "0.00"},
    services=(
        _service("Std AU Dom_1", "Standard", 2, 4),
        _service("Exp AU Dom_1", "Expedited", 1, 2),
    ),
    prime_service=_service("Exp AU Prime", "SecondDay", 1, 2),
    amazon_service=_service("Standard", "Standard", 1, 3),
    pickup_service=_service("Std AU Pickup", "Standard", 1, 0),
    shipping_fees=(0, 795, 995, 1250),
    gift_level="Standard",
    gift_fee=495,
    coupons=("PLM-Tea Week-1", "AU Core Free Shipping 2020"),
    ship_from={
        "Name": "Kazehana Store",
        "AddressLine1": "Unit 6, 480 Cormorant Road",
        "City": "Fishermans Bend",
        "StateOrRegion": "VIC",
        "PostalCode": "3207",
        "CountryCode": "AU",
        "Phone": "03 5550 0148",
        "AddressType": "Commercial",
    },
    supply_sources=("2d3b8a70-6f27-4a9c-b1d4-90c2e57d3f33",),
    stores=("KZH-MELBOURNE-11", "KZH-SYDNEY-12"),
    own_prefix="KZA",
)

US = Market(
    id="ATVPDKIKX0DER",
    seller=US_SELLER,
    country="US",
    currency="USD",
    decimals=2,
    sales_channel="Amazon.com",
    mail_domain="marketplace.amazon.com",
    utc_offset=-6 * _HOUR,
    tax_included=False,
    zero={"CurrencyCode": "USD", "Amount": "0.00"},
    services=(
        _service("Std US D2D Dom", "Standard", 2, 4),
        _service("Exp US D2D Dom", "Expedited", 1, 2),
        _service("Second US D2D Dom", "SecondDay", 1, 2),
    ),
    prime_service=_service("Std US Prime", "SecondDay", 1, 2),
    amazon_service=_service("Expedited", "Expedited", 1, 2),
    pickup_service=_service("Std US Pickup", "Standard", 1, 0),
    shipping_fees=(0, 499, 599, 899),
    gift_level="Classic",
    gift_fee=399,
    coupons=(
        "PLM-Trail Season-1",
        "PAWS-V2-Coupon-9",
        "US Core Free Shipping 2015/04/08 23-48-5-108",
    ),
    ship_from={
        "Name": "Larkfield Provisions",
        "AddressLine1": "7400 Millrace Parkway",
        "AddressLine2": "Dock 12",
        "City": "Columbus",
        "StateOrRegion": "OH",
        "PostalCode": "43215",
        "CountryCode": "US",
        "Phone": "614-555-0121",
        "AddressType": "Commercial",
    },
    supply_sources=("057c9e41-7b0d-4c1d-8e34-1f6a9b2d4c44", "9a4e6b13-52c8-4e7f-a0d9-3c7b8e1f5d55"),
    stores=("LARK-DENVER-01", "LARK-PORTLAND-02"),
    own_prefix="LP",
)

BR = Market(
    id="A2Q3Y263D00KWC",
    seller=US_SELLER,
    country="BR",
    currency="BRL",
    decimals=2,
    sales_channel="Amazon.com.br",
    mail_domain="marketplace.amazon.com.br",
    utc_offset=-3 * _HOUR,
    tax_included=True,
    zero={"CurrencyCode": "BRL", "Amount": "0.00"},
    services=(
        _service("Std BR Dom_1", "Standard", 2, 6),
        _service("Exp BR Dom_1", "Expedited", 1, 3),
    ),
    prime_service=_service("Std BR Prime", "SecondDay", 1, 3),
    amazon_service=_service("Standard", "Standard", 1, 4),
    pickup_service=_service("Std BR Retirada", "Standard", 1, 0),
    shipping_fees=(0, 1290, 1890, 2450),
    gift_level="Embalagem padrão",
    gift_fee=990,
    coupons=("PLM-Semana da Trilha-1", "BR Core Frete Gratis 2021"),
    ship_from={
        "Name": "Larkfield Brasil",
        "AddressLine1": "Rodovia dos Ipês, 9900",
        "AddressLine2": "Galpão 4",
        "City": "Cajamar",
        "StateOrRegion": "SP",
        "PostalCode": "07750-000",
        "CountryCode": "BR",
        "Phone": "11 0555-0177",
        "AddressType": "Commercial",
    },
    supply_sources=("e81d5f27-3a9b-4b6c-9f02-6d8a1c4e7b66",),
    stores=("LARK-PINHEIROS-21",),
    own_prefix="LPB",
)

DEMO_MARKETS = (JP, AU, US, BR)
