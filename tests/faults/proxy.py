"""A proxy on loopback, in front of an emulator of AWS, that makes requests fail on purpose.

It logs every request. A rule selects requests by service, operation and key, and names the fault
that hits them. A request that no rule selects is forwarded.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from tests.faults.http_messages import Request, error_response, forward, read_request

T = TypeVar("T")
MAX_WAIT = 20.0  # seconds that a test waits for something before it fails


class Fault(Enum):
    """What can happen to a request."""

    REFUSE = "the connection is dropped, nothing is applied"
    HANG = "nothing is applied, and no answer ever comes"
    DELAY = "applied and answered, but late"
    HOLD = "the connection is dropped; applied when the test releases it"
    STALL = "no answer; applied and answered when the test releases it"
    LOSE_ANSWER = "applied, but the connection is dropped instead of an answer"
    CUT = "applied, but the answer ends in the middle"
    TRICKLE = "applied, but the answer comes byte by byte"
    ERROR = "not applied; answered with an error"


@dataclass(eq=False)
class Rule:
    """Which requests are hit by ``fault``. An empty condition holds for every request."""

    fault: Fault
    service: str = ""
    operation: str = ""
    key: str = ""  # a part of the key
    revision: int | None = None
    skip: int = 0  # how many matching requests are forwarded first
    times: int | None = None  # how many are hit after that; None: all
    seconds: float = 0.3  # of DELAY, and between two bytes of TRICKLE
    status: int = 500  # of ERROR
    code: str = "InternalServerError"  # of ERROR
    hit: list[Request] = field(default_factory=list)
    was_hit: threading.Event = field(default_factory=threading.Event)

    def hits(self, request: Request) -> bool:
        """Whether ``request`` is hit; counts it."""
        matches = (
            self.service in {"", request.service}
            and self.operation in {"", request.operation}
            and self.key in request.key
            and self.revision in {None, request.revision}
        )
        if not matches or (self.times is not None and len(self.hit) >= self.times):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.hit.append(request)
        return True

    def wait_for_request(self) -> Request:
        """Wait until a request is hit, and return the first one."""
        assert self.was_hit.wait(MAX_WAIT), f"no request came for {self.fault} {self.operation}"
        return self.hit[0]


class Proxy:
    """The proxy. Its event loop runs on a thread of its own."""

    def __init__(self, store: str, *, s3: str = "") -> None:
        """``store`` and ``s3`` are addresses, or paths of sockets."""
        self.stores = {"DynamoDB": store, "S3": s3 or store}
        self.rules: list[Rule] = []
        self.requests: list[Request] = []  # the log
        self._held: list[tuple[Rule, Request, asyncio.Future[bytes]]] = []
        self._never = asyncio.Event()  # is never set
        self._one_at_a_time = asyncio.Lock()  # moto loses updates that arrive at the same time
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="fault-proxy", daemon=True
        )
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**24))
        self.port = self._server.sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(MAX_WAIT)

    def stop(self) -> None:
        """Drop every connection and end the thread."""
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        await self._drop_connections()

    def add(self, fault: Fault, operation: str = "", **conditions: Any) -> Rule:
        """Add a rule, with the other fields of ``Rule`` as conditions.

        The rule that was added last is asked first.
        """
        rule = Rule(fault, operation=operation, **conditions)
        self.rules.insert(0, rule)
        return rule

    def stop_faults(self) -> None:
        """Remove all rules. Requests that are held stay held."""
        self.rules.clear()

    def release(self, rule: Rule | None = None) -> int:
        """Apply the held requests (of one rule, or all) now; return how many there were."""
        return self._run(self._release(rule))

    async def _release(self, rule: Rule | None) -> int:
        chosen = [held for held in self._held if rule is None or held[0] is rule]
        for held in chosen:
            self._held.remove(held)
            _, request, answer = held
            answer.set_result(await self._forward(request))
        return len(chosen)

    def drop_held(self) -> None:
        """Forget the held requests: they are never applied."""
        self._held.clear()

    def reset(self) -> None:
        """Remove all rules, drop the held requests and all connections, and clear the log."""
        self.stop_faults()
        self._run(self._drop_connections())
        self.clear_log()

    async def _drop_connections(self) -> None:
        self.drop_held()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def calls(self, operation: str = "", key: str = "") -> list[Request]:
        """Return the logged requests with this operation and this part of the key."""
        return [r for r in self.requests if operation in {"", r.operation} and key in r.key]

    def clear_log(self) -> None:
        """Forget the logged requests."""
        self.requests.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            request = await read_request(reader, writer)
            self.requests.append(request)
            rule = next((rule for rule in self.rules if rule.hits(request)), None)
            if rule is None:
                writer.write(await self._forward(request))
                await writer.drain()
            else:
                request.fault = rule.fault.name
                await self._apply_fault(rule, request, writer)
        with suppress(ConnectionError):
            writer.close()

    async def _forward(self, request: Request) -> bytes:
        async with self._one_at_a_time:
            answer = await forward(request, self.stores[request.service])
        request.landed = True
        return answer

    async def _apply_fault(
        self, rule: Rule, request: Request, writer: asyncio.StreamWriter
    ) -> None:
        fault, answer = rule.fault, b""
        held: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if fault in {Fault.HOLD, Fault.STALL}:
            self._held.append((rule, request, held))
        if fault in {Fault.LOSE_ANSWER, Fault.CUT, Fault.TRICKLE}:
            answer = await self._forward(request)
        rule.was_hit.set()
        match fault:
            case Fault.REFUSE | Fault.HOLD | Fault.LOSE_ANSWER:
                writer.transport.abort()
            case Fault.HANG:
                await self._never.wait()
            case Fault.DELAY:
                await asyncio.sleep(rule.seconds)
                writer.write(await self._forward(request))
                await writer.drain()
            case Fault.STALL:
                writer.write(await held)
                await writer.drain()
            case Fault.CUT:
                writer.write(first_half(answer))
                await writer.drain()
            case Fault.TRICKLE:
                for byte in answer:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(rule.seconds)
            case Fault.ERROR:
                writer.write(error_response(request, rule.status, rule.code))
                await writer.drain()


def first_half(answer: bytes) -> bytes:
    """Return the head and half of the body; of an answer without content, part of the head."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    if len(body) <= len(b"{}"):
        return head[:8]
    return head + separator + body[: len(body) // 2]
