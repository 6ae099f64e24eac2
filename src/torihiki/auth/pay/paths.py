"""Finds environment, version and resource in the path of an Amazon Pay request (contract 1.2, 1.3)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from torihiki.auth.pay.model import PayPath
from torihiki.kernel.pay_caller import Environment

_PATH: Final = re.compile(rb"/+(?:(live|sandbox)/+)?(v[0-9]{1,9})((?:/[^?]*)?)(?:\?|\Z)")
_ENVIRONMENTS: Final[dict[bytes, Environment]] = {b"live": "live", b"sandbox": "sandbox"}


def parse_path(target: bytes) -> PayPath | None:
    """The path of a request target; None: it is none of Amazon Pay's."""
    found = _PATH.match(target)
    if found is None:
        return None
    environment, version, rest = found.groups()
    return PayPath(
        environment=None if environment is None else _ENVIRONMENTS[environment],
        version=version.decode(),
        # Decoded after the split: an escaped slash is part of an id.
        segments=tuple(
            unquote_to_bytes(one).decode(errors="replace") for one in rest.split(b"/") if one
        ),
    )
