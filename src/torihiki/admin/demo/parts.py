"""The parts of a demo order that say who bought and how it is paid."""

from __future__ import annotations

from torihiki.admin.demo.case import PAYMENT_DUE, Case
from torihiki.admin.demo.draws import Draws
from torihiki.admin.demo.lines import Lines
from torihiki.admin.demo.marketplaces import Json, Market, money
from torihiki.admin.demo.people import Buyer

_PAID_BY = (["Standard"], ["Standard"], ["CreditCard"], ["CreditCard", "GiftCertificate"])
_CARDS = ("Visa", "Mastercard", "Elo")
# Like every tax number of the demo, one with wrong check digits.
_ACQUIRER = "15800200000100"


def address_part(case: Case, who: Buyer) -> Json:
    """Where it goes; Amazon gives no telephone number of the orders that it ships itself (contract 1.7)."""
    address = {**who.address, "AddressType": "Commercial" if case.business else "Residential"}
    if case.business:
        address["CompanyName"] = who.company
    if not case.afn:
        address["Phone"] = who.phone
    return address


def buyer_part(case: Case, who: Buyer, draws: Draws) -> Json:
    """Who bought; Brazil asks everybody for a tax number."""
    part: Json = {"BuyerEmail": who.email, "BuyerName": who.name}
    if who.county:
        part["BuyerCounty"] = who.county
    if case.business:
        part["PurchaseOrderNumber"] = f"PO-{100 + draws.below(900)}{draws.below(10000):04d}"
    tax: Json = {"CompanyLegalName": who.company} if case.business else {}
    tax_id = who.company_tax_id if case.business else who.person_tax_id
    if tax_id:
        name = "CNPJ" if case.business else "CPF"
        tax["TaxClassifications"] = [{"Name": name, "Value": tax_id}]
    if tax:
        tax["TaxingRegion"] = who.region
        part["BuyerTaxInfo"] = tax
    return part


def payment_part(case: Case, lines: Lines, draws: Draws) -> Json:
    """How it is paid; the payments of PaymentExecutionDetail add up to the order's total."""
    market, total = case.market, lines.total
    payments: list[Json] = []
    if case.payment == "COD":
        methods = ["COD"]
        points = draws.pick((0, 100, 250))
        payments = [_payment(market, total - points, "COD")]
        if points:
            payments.append(_payment(market, points, "PointsAccount"))
    elif case.payment == "CVS":
        methods = ["CVS"]
    elif market.country == "BR":
        methods, payments = _brazilian(market, total, draws)
    else:
        methods = ["Invoice"] if case.business else draws.pick(_PAID_BY)
    part: Json = {"PaymentMethodDetails": methods}
    if payments and total and case.status not in PAYMENT_DUE:
        part["PaymentExecutionDetail"] = payments
    return part


def _brazilian(market: Market, total: int, draws: Draws) -> tuple[list[str], list[Json]]:
    if draws.chance(450):
        return ["Pix"], [{**_payment(market, total, "Pix"), "AcquirerId": _ACQUIRER}]
    card: Json = {
        **_payment(market, total, "CreditCard"),
        "AcquirerId": _ACQUIRER,
        "CardBrand": draws.pick(_CARDS),
        "AuthorizationCode": f"{draws.below(1000):03d}{draws.below(1000):03d}",
    }
    return ["CreditCard"], [card]


def _payment(market: Market, amount: int, method: str) -> Json:
    return {"Payment": money(market, amount), "PaymentMethod": method}
