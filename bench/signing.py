"""Signed requests of Amazon Pay: what the door costs, against the bare answer and against the door left open."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from whenever import Instant

from bench.load import Case, interleaved
from bench.report import Line
from bench.servers import Running, Store, floor, serving
from bench.stores import Backend, Bench, empty

GOAL: Final = 0.33
STRETCH: Final = 0.38
ALGORITHM: Final = "AMZN-PAY-RSASSA-PSS-V2"
SALT_BYTES: Final = 32
SIGNATURES: Final = 64
"""Different requests of one load; a signature is good for fifteen minutes, so each is sent again and again."""
HOST: Final = "pay-api.amazon.jp"
ENDING_SECONDS: Final = 60.0
REPORTS: Final = "/v2/reports"

_SIGNED: Final = """
local requests = {
%s
}
local sent = 0
request = function()
  sent = sent + 1
  return requests[sent %% #requests + 1]
end
init = function()
  for i, one in ipairs(requests) do requests[i] = wrk.format("GET", "%s", one) end
end
"""


def signed_headers(
    key: RSAPrivateKey, key_id: str, region: str, method: str, path: str, body: bytes = b""
) -> dict[str, str]:
    """The headers of a request without a query, with Authorization, as the SDKs of PHP, Java and .NET sign."""
    moment = Instant.now().format_iso(unit="second").replace("-", "").replace(":", "")
    signed = {
        "accept": "application/json",
        "content-type": "application/json",
        "x-amz-pay-date": moment,
        "x-amz-pay-host": HOST,
        "x-amz-pay-region": region,
    }
    names = ";".join(signed)
    lines = [method, path, "", *(f"{name}:{value}" for name, value in signed.items())]
    lines += ["", names, hashlib.sha256(body).hexdigest()]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    signature = key.sign(
        f"{ALGORITHM}\n{digest}".encode(), PSS(MGF1(SHA256()), SALT_BYTES), SHA256()
    )
    said = f"PublicKeyId={key_id}, SignedHeaders={names}, Signature={base64.b64encode(signature).decode()}"
    return {**signed, "authorization": f"{ALGORITHM} {said}"}


class Signer:
    """Signs GETs with the live key of the demo's first merchant.

    Args:
        store: Whose credentials file has the key.
    """

    def __init__(self, store: Store) -> None:
        credentials = json.loads((store.data / "credentials.json").read_text(encoding="utf-8"))
        pay = credentials["sellers"][0]["pay"]
        self._region: str = pay["region"]
        self._key_id: str = pay["live"]["public_key_id"]
        key = load_pem_private_key(pay["live"]["private_key_pem"].encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("the demo's key is no RSA key")
        self._key = key

    def headers(self, path: str) -> dict[str, str]:
        """The headers of a GET, which are good from now on; each signature differs from the others."""
        return signed_headers(self._key, self._key_id, self._region, "GET", path)

    def get(self, running: Running, path: str) -> bytes:
        """The body of one request."""
        request = urllib.request.Request(running.url + path, headers=self.headers(path))
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())


class Signed(Case):
    """One path, asked for with many signatures.

    Args:
        running: Who is asked.
        path: Which path.
        signer: Who signs.
        of: The path that the signatures are of; None: the same.
    """

    def __init__(self, running: Running, path: str, signer: Signer, of: str | None = None) -> None:
        super().__init__(running, [path])
        self._path = path
        self._signer = signer
        self._of = of or path

    def _requests(self, folder: Path) -> str:
        del folder
        made = (self._signer.headers(self._of) for _ in range(SIGNATURES))
        return _SIGNED % (",\n".join(map(_table, made)), self._path)


def _table(headers: Mapping[str, str]) -> str:
    """A table in Lua; nothing in these headers needs an escape."""
    return "{ " + ", ".join(f'["{name}"] = "{value}"' for name, value in headers.items()) + " }"


def _ended_report(running: Running, signer: Signer) -> str:
    """The path of a report whose bytes will not change any more."""
    until = time.monotonic() + ENDING_SECONDS
    while time.monotonic() < until:
        found: list[Any] = json.loads(signer.get(running, REPORTS))["reports"]
        for one in found:
            if one["processingStatus"] == "COMPLETED":
                return f"{REPORTS}/{one['reportId']}"
        time.sleep(0.1)
    raise RuntimeError("no report of the demo was completed")


def signed(bench: Bench, backend: Backend) -> list[Line]:
    """The door with a constant body behind it, and getReportById, each against floor A; and one that believes all."""
    store = empty(bench, backend, "signed")
    signer = Signer(store)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(store) as server,
        serving(store, "constant") as door,
        serving(store, "open-door") as opened,
    ):
        path = _ended_report(server, signer)
        Path(folder, "report").write_bytes(signer.get(server, path))
        with floor(Path(folder)) as constant:
            ours, alone, believing = (Signed(one, path, signer) for one in (server, door, opened))
            bottom = Signed(constant, "/report", signer, of=path)
            cases = [alone, ours, believing, bottom]
            interleaved(cases, rounds=bench.rounds, seconds=bench.seconds)
    others = median(sample.strangers for case in cases for sample in case.samples)
    busy = f"others took {others:.0%} of the machine"
    # Nothing of it is done by a database, wherever the report is.
    bare = alone.middle.cpu_us / bottom.middle.cpu_us
    return [
        Line(
            measure="signed request, constant body / floor A",
            value=f"{_figures(alone, bottom)}, {busy}",
            ratio=1 / bare,
            goal=GOAL,
            stretch=STRETCH,
        ),
        Line(
            measure="signed getReportById / floor A",
            value=_figures(ours, bottom),
            ratio=1 / ours.times(bottom),
        ),
        Line(
            measure="signed getReportById / the same with the signature believed",
            value=_figures(ours, believing),
            ratio=1 / ours.times(believing),
        ),
    ]


def _figures(case: Case, other: Case) -> str:
    one, two = case.middle, other.middle
    return f"{one.rate:,.0f} of {two.rate:,.0f} r/s, {one.cpu_us:.0f} and {two.cpu_us:.0f} us CPU"
