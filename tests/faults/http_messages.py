"""HTTP messages: reading a request, what it asks of AWS, forwarding it, and error responses."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TARGET = "x-amz-target"


@dataclass(eq=False)
class Request:
    """One request; ``service``, ``operation``, ``key`` and ``revision`` say what it asks for."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    head: bytes = field(repr=False)
    body: bytes = field(repr=False)
    service: str = ""  # "DynamoDB" or "S3"
    operation: str = ""
    key: str = ""  # of an item as "pk sk", or of an object
    revision: int | None = None
    fault: str = ""  # the name of the fault that hit it, if any
    landed: bool = False  # whether the store behind the proxy has answered it

    def __post_init__(self) -> None:
        if TARGET in self.headers:
            self._read_dynamodb()
        else:
            self._read_s3()

    def _read_dynamodb(self) -> None:
        self.service = "DynamoDB"
        self.operation = self.headers[TARGET].rpartition(".")[2]
        content: dict[str, Any] = json.loads(self.body or b"{}")
        attributes = content.get("Item") or content.get("Key") or {}
        if "pk" in attributes and "sk" in attributes:
            self.key = f"{attributes['pk']['S']} {attributes['sk']['S']}"
        if "mirrorRevision" in attributes:
            self.revision = int(attributes["mirrorRevision"]["N"])

    def _read_s3(self) -> None:
        self.service = "S3"
        address = urlsplit(self.path)
        _bucket, _, self.key = unquote(address.path).lstrip("/").partition("/")
        listing = "list-type" in parse_qs(address.query)
        kind = "Object" if self.key else "Bucket"
        self.operation = "List" if listing else self.method.capitalize() + kind


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    """Read one whole request; raises ``IncompleteReadError`` if the client has gone."""
    head = await reader.readuntil(b"\r\n\r\n")
    first_line, *header_lines = head.decode("latin-1").strip().split("\r\n")
    method, path, _ = first_line.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in header_lines)
    }
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, head, body)


async def forward(request: Request, store: str) -> bytes:
    """Send ``request`` to ``store`` (an address, or the path of a socket); return the response."""
    if store.startswith("/"):
        reader, writer = await asyncio.open_unix_connection(store)
    else:
        address = urlsplit(store)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        lines = request.head.decode("latin-1").strip().split("\r\n")
        kept = [line for line in lines if not line.lower().startswith(("expect:", "connection:"))]
        head = "\r\n".join([*kept, "Connection: close"])
        writer.write(head.encode("latin-1") + b"\r\n\r\n" + request.body)
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()


def error_response(request: Request, status: int, code: str) -> bytes:
    """Return an error in the format of the service that ``request`` is for."""
    if request.service == "DynamoDB":
        kind, body = "application/x-amz-json-1.0", json.dumps({"__type": f"aws#{code}"})
    else:
        kind, body = "application/xml", f"<Error><Code>{code}</Code><Message/></Error>"
    head = f"HTTP/1.1 {status} No\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
    return f"{head}\r\nConnection: close\r\n\r\n{body}".encode()
