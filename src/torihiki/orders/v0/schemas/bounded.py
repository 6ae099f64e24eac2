"""The bounded scalars that every wire type is made of.

Amazon's model bounds nothing. A bound here only keeps an imported order from carrying megabytes in
one member, so each is far above what has been seen.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Text = Annotated[str, Meta(max_length=2_000)]

Url = Annotated[str, Meta(max_length=8_000, description="An address; a signed one may be long.")]

# Far above Amazon's 400 characters, because one of ours carries every filter with it.
Token = Annotated[str, Meta(max_length=32_000, description="Opaque; to be sent back as it is.")]

# The store keys rows by these, so an empty one would be a row that nobody can ask for.
Identifier = Annotated[str, Meta(min_length=1, max_length=200)]

# The length bounds also refuse a trailing newline, which `$` lets through in Python.
AmazonOrderId = Annotated[
    str,
    Meta(
        min_length=19,
        max_length=19,
        pattern=r"^[0-9]{3}-[0-9]{7}-[0-9]{7}$",
        description="Three, seven and seven digits.",
    ),
]

Time = Annotated[
    str,
    Meta(max_length=100, description="An ISO 8601 time. Only its length is checked here."),
]

# `(?!\n)` because `$` lets a trailing newline through in Python.
DecimalText = Annotated[
    str,
    Meta(
        pattern=r"^-?[0-9]{1,18}(\.[0-9]{1,9})?$(?!\n)",
        description="A decimal number as a string, without exponent.",
    ),
]

FlagText = Annotated[str, Meta(max_length=100, description='"true" or "false" as a string.')]

Quantity = Annotated[int, Meta(ge=0, le=10**9)]

# Two members, so that a 2 that was read is not written as 2.0.
Magnitude = Annotated[int, Meta(ge=0, le=10**9)] | Annotated[float, Meta(ge=0, le=10**9)]

Latitude = Annotated[float, Meta(ge=-90, le=90)]

Longitude = Annotated[float, Meta(ge=-180, le=180)]

Hour = Annotated[int, Meta(ge=0, le=24)]

Minute = Annotated[int, Meta(ge=0, le=59)]

LIST_BOUND = Meta(max_length=1_000)
