"""Decides for what a restricted data token may be minted, and what it opens when it is used (contract 3.4).

Minting is lenient and use is strict, as Amazon's are: a token for a path that does not exist is minted and fits nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from torihiki.auth.model import RestrictedResource
from torihiki.kernel.operation import Operation
from torihiki.kernel.problem import Problem, invalid_input, unauthorized

_SHIPPING: Final = frozenset({"Direct-to-Consumer Shipping (Restricted)"})
_TAX: Final = frozenset({"Tax Invoicing (Restricted)", "Tax Remittance (Restricted)"})

ELEMENT_ROLES: Final = {
    "shippingAddress": _SHIPPING,
    "buyerInfo": _SHIPPING | _TAX,
    "buyerTaxInformation": _TAX,
}
"""Every data element, and the roles any one of which opens it (contract 3.3)."""


def openable(roles: Iterable[str]) -> frozenset[str]:
    """The data elements that these roles open."""
    return frozenset(name for name, any_of in ELEMENT_ROLES.items() if not any_of.isdisjoint(roles))


def check_resources(
    resources: Sequence[RestrictedResource],
    operations: Sequence[Operation],
    roles: frozenset[str],
) -> None:
    """Lets through what an application with these roles may ask a token for.

    Args:
        resources: What it asks for; what is none of the operations' is let through.
        operations: The operations that a token can be for.
        roles: The application's.

    Raises:
        Problem: A data element does not exist or no role opens it, or no role opens an operation (contract 3.4).
    """
    open_elements = openable(roles)
    asked = dict.fromkeys(name for resource in resources for name in resource.elements)
    closed = [name for name in asked if name not in open_elements]
    if closed:
        raise no_access_to_elements(closed)
    for resource in resources:
        operation = _meant(resource, operations)
        if operation is not None and not _within_reach(operation, roles, open_elements):
            raise no_access_to_resource()


def opened(
    resources: Sequence[RestrictedResource], operation: Operation, path: str, roles: frozenset[str]
) -> frozenset[str]:
    """The data elements that a restricted data token opens in one call.

    A listed path fits when it is the request's to the letter, or the operation's own with the literal `{orderId}`. A
    last slash, which routing overlooks, counts here on both sides.

    Args:
        resources: What the token is good for.
        operation: What is called.
        path: The request's path.
        roles: The application's roles now; what it was minted with does not count.

    Raises:
        Problem: The token does not open the operation (contract 1.9 row 12).
    """
    generic = f"{operation.path}/" if path.endswith("/") else operation.path
    fitting = [
        one
        for one in resources
        if one.path in {path, generic} and one.method.upper() == operation.method
    ]
    restricted = operation.restricted
    if restricted is None or not fitting:
        raise unauthorized()
    elements = restricted.elements & openable(roles)
    if restricted.selectable:
        return elements.intersection(name for one in fitting for name in one.elements)
    if restricted.elements and not elements:
        raise unauthorized()
    return elements


def no_access_to_elements(names: Iterable[str]) -> Problem:
    """A data element that the application may not have, or that does not exist."""
    return invalid_input(
        "Application does not have access to one or more requested data elements: "
        f"[{', '.join(names)}]"
    )


def no_access_to_resource() -> Problem:
    """An operation that none of the application's roles opens, or whose every data element is closed to it."""
    return invalid_input("Application do not have access to some or all requested resource")


def _meant(resource: RestrictedResource, operations: Sequence[Operation]) -> Operation | None:
    segments = resource.path.split("/")
    for operation in operations:
        pattern = operation.path.split("/")
        if (
            operation.method == resource.method.upper()
            and len(pattern) == len(segments)
            and all(
                segment == wanted or (segment and wanted.startswith("{"))
                for segment, wanted in zip(segments, pattern, strict=True)
            )
        ):
            return operation
    return None


def _within_reach(
    operation: Operation, roles: frozenset[str], open_elements: frozenset[str]
) -> bool:
    if operation.roles and operation.roles.isdisjoint(roles):
        return False
    restricted = operation.restricted
    if restricted is None or restricted.selectable or not restricted.elements:
        return True
    return not restricted.elements.isdisjoint(open_elements)
