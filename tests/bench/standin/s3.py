"""S3, with the bucket in the path: put, get, head, delete, and listings with MD5s as ETags.

Buckets need not be created.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tests.bench.standin.http import Request, response

SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
MOST = 1000  # keys in a page of a listing
CHECKSUM = "x-amz-checksum-sha256"


class Stored(NamedTuple):
    """An object."""

    body: bytes
    etag: str
    checksum: str  # SHA-256 in base64, if it was sent
    modified: datetime


class Bucket:
    """The objects of a bucket, by key."""

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self._order: list[str] | None = None

    @property
    def order(self) -> list[str]:
        """All keys, in the order of their UTF-8, which is that of Python."""
        if self._order is None:
            self._order = sorted(self.objects)
        return self._order

    def put(self, key: str, stored: Stored) -> None:
        """Keep an object."""
        if key not in self.objects:
            self._order = None
        self.objects[key] = stored

    def remove(self, key: str) -> None:
        """Remove an object, if there is one."""
        if self.objects.pop(key, None):
            self._order = None


class S3:
    """All buckets."""

    def __init__(self) -> None:
        self.buckets: defaultdict[str, Bucket] = defaultdict(Bucket)

    def answer(self, request: Request) -> bytes:
        """Answer a request."""
        path, _, query = request.target.partition("?")
        name, _, key = path[1:].partition("/")
        bucket, key = self.buckets[name], unquote(key)
        asked = dict(parse_qsl(query, keep_blank_values=True))
        asked.pop("x-id", None)  # botocore's name of the call
        match request.method:
            case "PUT" if key and not asked and "content-encoding" not in request.headers:
                return _put(bucket, key, request)
            case "GET" | "HEAD" if key and not asked:
                return _get(bucket, key, request)
            case "GET" if asked.get("list-type") == "2":
                return _list(name, bucket, asked)
            case "DELETE" if key and not asked:
                bucket.remove(key)
                return response(204)
            case "POST" if asked.keys() == {"delete"}:
                return _delete(bucket, request)
        return response(501, b"<Error><Code>NotImplemented</Code></Error>")


def _put(bucket: Bucket, key: str, request: Request) -> bytes:
    etag = hashlib.md5(request.body, usedforsecurity=False).hexdigest()
    checksum = request.headers.get(CHECKSUM, "")
    bucket.put(key, Stored(request.body, etag, checksum, datetime.now(UTC)))
    return response(200, ETag=f'"{etag}"')


def _get(bucket: Bucket, key: str, request: Request) -> bytes:
    stored = bucket.objects.get(key)
    if stored is None:
        return response(404, b"<Error><Code>NoSuchKey</Code></Error>")
    headers = {
        "ETag": f'"{stored.etag}"',
        "Last_Modified": format_datetime(stored.modified, usegmt=True),
    }
    if stored.checksum and request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED":
        headers[CHECKSUM] = stored.checksum
    if request.method == "HEAD":
        headers["Content_Length"] = f"{len(stored.body)}"
    return response(
        200, b"" if request.method == "HEAD" else stored.body, "binary/octet-stream", **headers
    )


def _list(name: str, bucket: Bucket, asked: dict[str, str]) -> bytes:
    prefix = asked.get("prefix", "")
    after = asked.get("continuation-token") or asked.get("start-after", "")
    first = bisect_left(bucket.order, prefix)
    first = max(first, bisect_right(bucket.order, after))
    most = min(int(asked.get("max-keys", MOST)), MOST)
    page = bucket.order[first : first + most]
    keys = [key for key in page if key.startswith(prefix)]
    following = bucket.order[first + most : first + most + 1]
    truncated = len(keys) == most and any(key.startswith(prefix) for key in following)
    encoded = asked.get("encoding-type") == "url"
    contents = "".join(
        f"<Contents><Key>{quote(key) if encoded else escape(key)}</Key>"
        f"<LastModified>{stored.modified:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
        f"<ETag>&quot;{stored.etag}&quot;</ETag><Size>{len(stored.body)}</Size></Contents>"
        for key in keys
        for stored in [bucket.objects[key]]
    )
    token = escape(keys[-1]) if truncated else ""
    return response(
        200,
        (
            f'<ListBucketResult xmlns="{SPACE}"><Name>{name}</Name><KeyCount>{len(keys)}</KeyCount>'
            f"<MaxKeys>{most}</MaxKeys><IsTruncated>{str(truncated).lower()}</IsTruncated>"
            f"{'<EncodingType>url</EncodingType>' if encoded else ''}"
            f"{contents}<NextContinuationToken>{token}</NextContinuationToken></ListBucketResult>"
        ).encode(),
    )


def _delete(bucket: Bucket, request: Request) -> bytes:
    for found in ET.fromstring(request.body).iter(f"{{{SPACE}}}Key"):  # noqa: S314 - botocore's own
        bucket.remove(found.text or "")
    return response(200, f'<DeleteResult xmlns="{SPACE}"/>'.encode())
