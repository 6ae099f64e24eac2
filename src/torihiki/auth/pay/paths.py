"""Finds environment, version and resource in the path of an Amazon Pay request (contract 1.2, 1.3)."""

from __future__ import annotations

import functools
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from torihiki.auth.pay.model import PayPath
from torihiki.kernel.pay_caller import Environment

_PATH: Final = re.compile(
    rb"/+(?:(live|sandbox)/+)?(v[0-9][0-9a-z.-]{0,15})((?:/.*)?)", re.DOTALL | re.IGNORECASE
)
KEPT: Final = 256
KEPT_MAX_BYTES: Final = 128
"""Some longer than any that leads somewhere. Short paths are kept: each is read twice, and reports are polled."""
_ENVIRONMENTS: Final[dict[bytes, Environment]] = {b"live": "live", b"sandbox": "sandbox"}


def parse_path(path: bytes) -> PayPath | None:
    """What a path, still encoded and without its query, leads to; None: it is none of Amazon Pay's."""
    return _kept(path) if len(path) <= KEPT_MAX_BYTES else _parsed(path)


def _parsed(path: bytes) -> PayPath | None:
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    environment, version, rest = found.groups()
    return PayPath(
        environment=None if environment is None else _ENVIRONMENTS[environment.lower()],
        version=version.decode(),
        # Decoded after the split: an escaped slash is part of an id.
        segments=tuple(
            unquote_to_bytes(one).decode(errors="replace") for one in rest.split(b"/") if one
        ),
    )


_kept: Final = functools.lru_cache(maxsize=KEPT)(_parsed)
