"""Just enough of HTTP/1.1 for botocore: keep-alive, bodies of a known length, 100-continue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

HEAD_END = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 404: "Not Found"}


class Request(NamedTuple):
    """One request; the names of ``headers`` are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_dynamodb(self) -> bool:
        """Whether it is for DynamoDB; S3 has no such header."""
        return "x-amz-target" in self.headers


class Delays(NamedTuple):
    """Seconds before each answer, 100-continue included."""

    dynamodb: float
    s3: float

    def of(self, request: Request) -> float:
        """Return the seconds for this request; none for questions to the stand-in itself."""
        if request.target.startswith("/-/"):
            return 0
        return self.dynamodb if request.is_dynamodb else self.s3


def response(
    status: int, body: bytes = b"", content_type: str = "application/xml", **headers: str
) -> bytes:
    """Return the bytes of a response; underscores in the names of headers stand for hyphens."""
    length = headers.pop("Content_Length", f"{len(body)}")  # what a HEAD tells
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = (
        f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {length}\r\n{lines}\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One connection: its requests are answered in their order."""

    def __init__(self, answer: Callable[[Request], bytes], delays: Delays) -> None:
        self._answer = answer
        self._delays = delays
        self._received = bytearray()
        self._begun: Request | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._take_request():
            pass

    def _take_request(self) -> bool:
        """Answer the next request, if all of it is there."""
        if self._begun is None:
            end = self._received.find(HEAD_END)
            if end < 0:
                return False
            self._begun = _request(self._received[:end].decode("latin-1"))
            del self._received[: end + len(HEAD_END)]
            if "expect" in self._begun.headers:
                self._send(CONTINUE, self._delays.of(self._begun))
        length = int(self._begun.headers.get("content-length", 0))
        if len(self._received) < length:
            return False
        request = self._begun._replace(body=bytes(self._received[:length]))
        del self._received[:length]
        self._begun = None
        self._send(self._answer(request), self._delays.of(request))
        return True

    def _send(self, data: bytes, delay: float) -> None:
        if delay:
            self._loop.call_later(delay, self._transport.write, data)
        else:
            self._transport.write(data)


def _request(head: str) -> Request:
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, target, headers, b"")
