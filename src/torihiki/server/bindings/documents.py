"""Documents over HTTP, as S3 serves signed URLs: no login, ranges, and refusals in XML.

The paths stand in no API document: a client has a URL from the operation that gave it, and does not make one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from email.utils import formatdate
from typing import Final, NamedTuple

import structlog

from torihiki.kernel.documents import NAME, Document, DocumentStore
from torihiki.kernel.operation import Operation
from torihiki.kernel.signed_url import UrlRefused, UrlSigner
from torihiki.server import conditions, s3_errors
from torihiki.server.call import Answer, Call, Handler, Stream
from torihiki.server.reached import Reached, reached

PURPOSE: Final = "document URL"
"""What the keys of these URLs are derived for."""
UPLOAD_MAX_BYTES: Final = 100 * 1024 * 1024
UNKNOWN_MEDIA: Final = b"binary/octet-stream"
"""What S3 says of a document of which nothing was said."""

_PATH: Final = "/documents/{documentId}"
_GET, _HEAD, _PUT = OPERATIONS = (
    Operation(
        name="getDocument",
        method="GET",
        path=_PATH,
        errors=(400, 403, 404, 412, 416, 503),
        summary="Sends a document or a range of it.",
    ),
    Operation(
        name="headDocument",
        method="HEAD",
        path=_PATH,
        errors=(400, 403, 404, 412, 416, 503),
        summary="Describes a document.",
    ),
    Operation(
        name="putDocument",
        method="PUT",
        path=_PATH,
        errors=(400, 403, 503),
        summary="Takes a document.",
    ),
)

_OVERRIDES: Final = {
    "response-cache-control": b"cache-control",
    "response-content-disposition": b"content-disposition",
    "response-content-encoding": b"content-encoding",
    "response-content-language": b"content-language",
    "response-expires": b"expires",
}
"""Signed members of the query that set a header, as S3's; the content type is set apart."""
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class DocumentUrls:
    """Makes the URLs of documents for the clients of other operations.

    Args:
        signer: As given to `bind`.
        public: How every client reaches the server; None: each as it says.
    """

    def __init__(self, signer: UrlSigner, public: Reached | None) -> None:
        self._signer = signer
        self._public = public

    def upload(self, call: Call, document_id: str, content_type: str, expires_s: int) -> str:
        """A URL that takes one PUT after the other until it expires, each with exactly this Content-Type.

        Args:
            call: The request whose client gets the URL; it begins with how that client reached the server.
            document_id: The document that is written.
            content_type: Of the PUT.
            expires_s: Seconds from `call.now` on.
        """
        where = self._public or reached(call)
        target = self._signer.sign(
            "PUT",
            _path(document_id),
            at=call.now,
            expires_s=expires_s,
            host=where.host,
            headers={"content-type": content_type},
        )
        return where.url(target)

    def download(
        self,
        call: Call,
        document_id: str,
        expires_s: int,
        *,
        content_type: str | None = None,
        file_name: str | None = None,
        encoding: str | None = None,
    ) -> str:
        """A URL that gives the document until it expires, also in ranges and to HEAD.

        Args:
            call: As for `upload`.
            document_id: The document that is read; whether it is there is seen when the URL is used.
            expires_s: Seconds from `call.now` on.
            content_type: What the answer says it is; None: `UNKNOWN_MEDIA`.
            file_name: ASCII; under which browsers save it.
            encoding: The Content-Encoding; None: none is said.
        """
        query = {
            "response-content-type": content_type,
            "response-content-disposition": None
            if file_name is None
            else f'attachment; filename="{file_name}"',
            "response-content-encoding": encoding,
        }
        where = self._public or reached(call)
        target = self._signer.sign(
            "GET",
            _path(document_id),
            at=call.now,
            expires_s=expires_s,
            host=where.host,
            query={name: text for name, text in query.items() if text is not None},
        )
        return where.url(target)


def bind(
    store: DocumentStore,
    signer: UrlSigner,
    public: Reached | None,
    upload_max_bytes: int = UPLOAD_MAX_BYTES,
) -> dict[str, Handler]:
    """The handlers by operation name.

    Args:
        store: Where the documents are.
        signer: Checks the URLs.
        public: As given to `DocumentUrls`.
        upload_max_bytes: The largest document that is taken.
    """

    def signed_headers(call: Call) -> Mapping[bytes, bytes]:
        # A proxy may put a Host of its own in the place of the one that the URL names.
        return call.headers if public is None else {**call.headers, b"host": public.host.encode()}

    async def get_document(call: Call) -> Answer:
        try:
            # S3 binds the method. One URL is good for both here: HEAD tells less than GET does.
            said = signer.check("GET", _called(call), call.query, signed_headers(call), call.now)
            document = await _opened(store, call)
        except UrlRefused as error:
            return s3_errors.refused(error.code, error.message, call.request_id, error.details)
        return _described(call, document, said)

    async def put_document(call: Call) -> Answer:
        name = call.path["documentId"]
        try:
            signer.check("PUT", _called(call), call.query, signed_headers(call), call.now)
            _check_name(name)
            stored = await store.put(name, _limited(call, upload_max_bytes))
        except UrlRefused as error:
            return s3_errors.refused(error.code, error.message, call.request_id, error.details)
        tag = (b"etag", f'"{stored.etag}"'.encode())
        return Answer(
            headers=(*s3_errors.request_headers(call.request_id), tag), media=s3_errors.MEDIA
        )

    return {_GET.name: get_document, _HEAD.name: get_document, _PUT.name: put_document}


async def other_methods(call: Call) -> Answer:
    """Refuses what documents do not do."""
    return s3_errors.refused(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        call.request_id,
        [("Method", str(call.scope["method"])), ("ResourceType", "OBJECT")],
        ((b"allow", b"GET, HEAD, PUT"),),
    )


def _path(document_id: str) -> str:
    return _PATH.replace("{documentId}", document_id)


def _called(call: Call) -> str:
    """The path as it was called, so that nothing that the router forgives is forgiven here."""
    return str(call.scope["path"])


def _check_name(name: str) -> None:
    if NAME.fullmatch(name) is None:
        raise UrlRefused(
            "NoSuchKey", "The specified key does not exist.", [("Key", name)]
        )  # fmt: skip


async def _opened(store: DocumentStore, call: Call) -> Document:
    name = call.path["documentId"]
    _check_name(name)
    document = await store.open(name)
    if document is None:
        # The URL is ours: something said that the document is there, or would be.
        log = structlog.get_logger("torihiki.documents")
        log.warning("document missing", request_id=call.request_id, document=name)
        raise UrlRefused("NoSuchKey", "The specified key does not exist.", [("Key", name)])
    return document


async def _limited(call: Call, most: int) -> AsyncIterator[bytes]:
    """The body, refused before it comes where its length is said, and else when it gets too long."""
    said = call.header(b"content-length")
    size = 0 if said is None else int(said)
    if size > most:
        raise _too_large(size, most)
    size = 0
    async for chunk in call.chunks():
        size += len(chunk)
        if size > most:
            raise _too_large(size, most)
        yield chunk


def _too_large(size: int, most: int) -> UrlRefused:
    return UrlRefused(
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        [("ProposedSize", str(size)), ("MaxSizeAllowed", str(most))],
    )


class _Wanted(NamedTuple):
    """The bytes from `start` up to `stop`, of a document of `size`."""

    start: int
    stop: int
    size: int
    partial: bool


def _described(call: Call, document: Document, said: Mapping[str, str]) -> Answer:
    """The answer of GET, and that of HEAD: the same without the body. The document is closed with it."""
    tag = f'"{document.etag}"'
    headers = [
        *s3_errors.request_headers(call.request_id),
        (b"etag", tag.encode()),
        (b"last-modified", formatdate(document.modified.timestamp(), usegmt=True).encode()),
        (b"accept-ranges", b"bytes"),
    ]
    condition = conditions.failed(call.headers, tag, document.modified)
    if condition in conditions.HAS_IT:
        document.close()
        return Answer(status=304, headers=tuple(headers))
    try:
        if condition is not None:
            raise _precondition_failed(condition)
        wanted = _wanted(call, document, tag)
        headers += [
            (header, _header_value(said[name]))
            for name, header in _OVERRIDES.items()
            if name in said
        ]
        media = UNKNOWN_MEDIA
        if "response-content-type" in said:
            media = _header_value(said["response-content-type"])
    except UrlRefused as error:
        document.close()
        extra = ((b"content-range", b"bytes */%d" % document.size),)
        return s3_errors.refused(
            error.code,
            error.message,
            call.request_id,
            error.details,
            extra if error.code == "InvalidRange" else (),
        )
    if wanted.partial:
        shown = f"bytes {wanted.start}-{wanted.stop - 1}/{wanted.size}"
        headers.append((b"content-range", shown.encode()))
    parts = None
    if call.operation is _HEAD:
        document.close()
    else:
        parts = _parts(document, wanted)
    stream = Stream(wanted.stop - wanted.start, parts)
    return Answer(
        status=206 if wanted.partial else 200, headers=tuple(headers), media=media, stream=stream
    )


async def _parts(document: Document, wanted: _Wanted) -> AsyncGenerator[bytes]:
    reading = document.read(wanted.start, wanted.stop)
    try:
        async for part in reading:
            yield part
    finally:
        await reading.aclose()
        document.close()


def _precondition_failed(condition: str) -> UrlRefused:
    return UrlRefused(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        [("Condition", condition)],
    )


def _wanted(call: Call, document: Document, tag: str) -> _Wanted:
    """What the Range header asks for; the whole where it is none that S3 reads, such as one of several ranges.

    Raises:
        UrlRefused: There are no such bytes.
    """
    size = document.size
    written = (call.header(b"range") or b"").decode("latin-1").strip()
    found = _RANGE.fullmatch(written)
    condition = call.header(b"if-range")
    if (
        found is None
        or found[0] == "bytes=-"
        or (condition is not None and condition != tag.encode())
    ):
        return _Wanted(0, size, size, partial=False)
    first, last = found.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), size if not last else min(size, int(last) + 1)
        if last and int(last) < start:
            return _Wanted(0, size, size, partial=False)
    if start >= stop:
        raise UrlRefused(
            "InvalidRange",
            "The requested range is not satisfiable",
            [("RangeRequested", written), ("ActualObjectSize", str(size))],
        )
    return _Wanted(start, stop, size, partial=True)


def _header_value(text: str) -> bytes:
    """The text as a header's value.

    Raises:
        UrlRefused: It cannot be one.
    """
    try:
        value = text.encode("latin-1")
    except UnicodeEncodeError:
        value = b"\n"
    if not text.isprintable() or value == b"\n":
        raise UrlRefused("InvalidArgument", "Header value cannot be represented using ISO-8859-1.")
    return value
