"""The demo's buyers: a marketplace and a number give a person, so a number that comes again is the same buyer.

No telephone or tax number can be anybody's: where a country keeps numbers for fiction they are used, elsewhere
the subscriber's part begins with a zero, which is never assigned, and the check digits of tax numbers are wrong.
"""

from __future__ import annotations

from hashlib import shake_128

from msgspec import Struct

from torihiki.admin.demo import places
from torihiki.admin.demo.draws import BUYER_WORDS, Draws
from torihiki.admin.demo.marketplaces import Json, Market


class Buyer(Struct, frozen=True, kw_only=True, gc=False):
    """A buyer; `address` is the private one without telephone, `sales_tax` the rate on top of prices."""

    email: str
    name: str
    company: str
    phone: str
    address: Json
    county: str = ""
    region: str = ""
    person_tax_id: str = ""
    company_tax_id: str = ""
    sales_tax: int = 0


def buyer(market: Market, seed: int, number: int) -> Buyer:
    """The buyer who has this number in the marketplace."""
    return _BUYERS[market.country](market, seed, number)


def _email(market: Market, seed: int, number: int) -> str:
    name = f"{seed}/email/{market.country}/{number}".encode()
    return f"{shake_128(name).hexdigest(7)}@{market.mail_domain}"


def _japanese(market: Market, seed: int, number: int) -> Buyer:
    draws = Draws(seed, "JP", number, BUYER_WORDS)
    below, pick = draws.below, draws.pick
    name = f"{pick(places.JP_SURNAMES)} {pick(places.JP_GIVEN)}"
    postal_code, prefecture, town, quarter = pick(places.JP_PLACES)
    address: Json = {
        "Name": name,
        "AddressLine1": f"{quarter}{2 + below(8)}丁目{31 + below(60)}-{1 + below(30)}",
        "City": town,
        "StateOrRegion": prefecture,
        "PostalCode": postal_code,
        "CountryCode": "JP",
    }
    if draws.chance(620):
        building = pick(places.JP_BUILDINGS) + pick(places.JP_BUILDING_SUFFIXES)
        address["AddressLine2"] = f"{building} {1 + below(12)}{1 + below(9):02d}号室"
    return Buyer(
        email=_email(market, seed, number),
        name=name,
        company=f"株式会社{pick(places.JP_COMPANIES)}",
        phone=f"03-0{below(1000):03d}-{below(10000):04d}",
        address=address,
        region="JP",
    )


def _australian(market: Market, seed: int, number: int) -> Buyer:
    draws = Draws(seed, "AU", number, BUYER_WORDS)
    below, pick = draws.below, draws.pick
    name = f"{pick(places.AU_GIVEN)} {pick(places.AU_SURNAMES)}"
    suburb, state, postcode = pick(places.AU_PLACES)
    address: Json = {
        "Name": name,
        "AddressLine1": f"{1 + below(240)} {pick(places.AU_STREETS)}",
        "City": suburb,
        "StateOrRegion": state,
        "PostalCode": postcode,
        "CountryCode": "AU",
    }
    if below(4) == 0:
        address["AddressLine2"] = f"Unit {1 + below(40)}"
    return Buyer(
        email=_email(market, seed, number),
        name=name,
        company=pick(places.AU_COMPANIES),
        phone=f"{pick(places.AU_AREA_CODES)}{below(100):02d}",
        address=address,
        region="AU",
    )


def _american(market: Market, seed: int, number: int) -> Buyer:
    draws = Draws(seed, "US", number, BUYER_WORDS)
    below, pick = draws.below, draws.pick
    name = f"{pick(places.US_GIVEN)} {pick(places.US_SURNAMES)}"
    city, state, zip_code, sales_tax = pick(places.US_PLACES)
    address: Json = {
        "Name": name,
        "AddressLine1": f"{100 + below(9800)} {pick(places.US_STREETS)}",
        "City": city,
        "StateOrRegion": state,
        "PostalCode": f"{zip_code}-{1000 + below(9000)}" if below(2) else zip_code,
        "CountryCode": "US",
    }
    if below(3) == 0:
        address["AddressLine2"] = f"Apt {1 + below(30)}{pick('ABCD')}"
    return Buyer(
        email=_email(market, seed, number),
        name=name,
        company=pick(places.US_COMPANIES),
        phone=f"{200 + below(780)}-555-01{below(100):02d}",
        address=address,
        region=state,
        sales_tax=sales_tax,
    )


def _brazilian(market: Market, seed: int, number: int) -> Buyer:
    draws = Draws(seed, "BR", number, BUYER_WORDS)
    below, pick = draws.below, draws.pick
    name = f"{pick(places.BR_GIVEN)} {pick(places.BR_SURNAMES)} {pick(places.BR_SURNAMES)}"
    city, state, postal_code, neighborhood = pick(places.BR_PLACES)
    street, complement = pick(places.BR_STREETS), pick(places.BR_COMPLEMENTS)
    street_number = str(5000 + below(4000))
    digits = f"{below(1000):03d}{below(1000):03d}{below(1000):03d}"
    root = f"{10 + below(50)}{below(1000):03d}{below(1000):03d}0001"
    return Buyer(
        email=_email(market, seed, number),
        name=name,
        company=pick(places.BR_COMPANIES),
        phone=f"{11 + below(80)} 0{below(1000):03d}-{below(10000):04d}",
        address={
            "Name": name,
            "AddressLine1": f"{street}, {street_number}",
            "AddressLine2": f"{complement}, {neighborhood}",
            "City": city,
            "StateOrRegion": state,
            "PostalCode": postal_code,
            "CountryCode": "BR",
            "ExtendedFields": {
                "StreetName": street,
                "StreetNumber": street_number,
                "Complement": complement,
                "Neighborhood": neighborhood,
            },
        },
        county=neighborhood,
        region="BR",
        person_tax_id=f"{digits[:3]}.{digits[3:6]}.{digits[6:]}-{_wrong_check(digits, 11):02d}",
        company_tax_id=f"{root[:2]}.{root[2:5]}.{root[5:8]}/0001-{_wrong_check(root, 9):02d}",
    )


def _wrong_check(digits: str, top_weight: int) -> int:
    """Two check digits of which the first is off by one; CPF weighs 2 to 11, CNPJ 2 to 9 over and over."""
    total = sum(
        int(digit) * (2 + place % (top_weight - 1)) for place, digit in enumerate(reversed(digits))
    )
    right = (-total % 11) % 10
    return (right + 1) % 10 * 10 + total % 10


_BUYERS = {"JP": _japanese, "AU": _australian, "US": _american, "BR": _brazilian}
