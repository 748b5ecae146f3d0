"""A proxy on loopback, in front of a stand-in for AWS, that does to requests what networks do.

It logs every request. A rule picks requests by service, operation and key, and says what befalls
them; without one a request is passed on.
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

from tests.faults.messages import Request, ask, error_answer, read_request

T = TypeVar("T")
WAIT = 20.0  # seconds: what a test waits for at most before it fails


class Fault(Enum):
    """What can befall a request."""

    REFUSE = "the connection is dropped, nothing is applied"
    HANG = "nothing is applied, and nobody ever answers"
    DELAY = "applied and answered, but late"
    HOLD = "the connection is dropped, and it is applied when the test releases it"
    STALL = "nobody answers; applied, and answered, when the test releases it"
    LOSE_ANSWER = "applied, but the connection is dropped instead of an answer"
    CUT = "applied, but the answer ends in the middle"
    TRICKLE = "applied, but the answer comes byte by byte"
    ERROR = "not applied; answered with an error"


@dataclass(eq=False)
class Rule:
    """Which requests are hit, how often, and by what."""

    fault: Fault
    service: str = ""
    operation: str = ""
    key: str = ""  # a part of the key
    revision: int | None = None
    skip: int = 0  # so many matching requests pass first
    times: int | None = None  # then so many are hit; None: all
    seconds: float = 0.3  # of DELAY, and between two bytes of TRICKLE
    status: int = 500
    code: str = "InternalServerError"
    hit: list[Request] = field(default_factory=list)
    seen: threading.Event = field(default_factory=threading.Event)

    def takes(self, request: Request) -> bool:
        """Whether ``request`` is hit; counts it if so."""
        wanted = (
            self.service in {"", request.service}
            and self.operation in {"", request.operation}
            and self.key in request.key
            and self.revision in {None, request.revision}
        )
        if not wanted or (self.times is not None and len(self.hit) >= self.times):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.hit.append(request)
        return True

    def wait(self) -> Request:
        """Wait until a request was hit, and return it."""
        assert self.seen.wait(WAIT), f"no request came for {self.fault} {self.operation}"
        return self.hit[0]


class Proxy:
    """The proxy itself, on a thread of its own."""

    def __init__(self, store: str, *, s3: str = "") -> None:
        self.stores = {"DynamoDB": store, "S3": s3 or store}
        self.rules: list[Rule] = []
        self.requests: list[Request] = []
        self._held: list[tuple[Rule, Request, asyncio.Future[bytes]]] = []
        self._silence = asyncio.Event()  # never set
        self._one_at_a_time = asyncio.Lock()  # moto loses updates under threads
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
        return future.result(WAIT)

    def stop(self) -> None:
        """Drop every connection and end the thread."""
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        await self._drop()

    def add(self, fault: Fault, operation: str = "", **where: Any) -> Rule:
        """Let ``fault`` befall the requests that fit; the rule added last comes first."""
        rule = Rule(fault, operation=operation, **where)
        self.rules.insert(0, rule)
        return rule

    def calm(self) -> None:
        """End all faults. What is held stays held."""
        self.rules.clear()

    def release(self, rule: Rule | None = None) -> int:
        """Let what is held land now; return how many requests did."""
        return self._run(self._release(rule))

    async def _release(self, rule: Rule | None) -> int:
        chosen = [held for held in self._held if rule is None or held[0] is rule]
        for held in chosen:
            self._held.remove(held)
            _, request, answer = held
            answer.set_result(await self._pass_on(request))
        return len(chosen)

    def reset(self) -> None:
        """Forget all rules and the log, and drop what is held."""
        self.calm()
        self._run(self._drop())
        self.forget()

    async def _drop(self) -> None:
        self._held.clear()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def lose(self) -> None:
        """Let what is held never land."""
        self._held.clear()

    def calls(self, operation: str = "", key: str = "") -> list[Request]:
        """Return the requests that came, by operation and part of the key."""
        return [r for r in self.requests if operation in {"", r.operation} and key in r.key]

    def forget(self) -> None:
        """Empty the log."""
        self.requests.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            request = await read_request(reader, writer)
            self.requests.append(request)
            rule = next((rule for rule in self.rules if rule.takes(request)), None)
            if rule is None:
                writer.write(await self._pass_on(request))
                await writer.drain()
            else:
                request.fault = rule.fault.name
                await self._harm(rule, request, writer)
        with suppress(ConnectionError):
            writer.close()

    async def _pass_on(self, request: Request) -> bytes:
        async with self._one_at_a_time:
            answer = await ask(self.stores[request.service], request)
        request.landed = True
        return answer

    async def _harm(self, rule: Rule, request: Request, writer: asyncio.StreamWriter) -> None:
        fault, answer = rule.fault, b""
        held: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if fault in {Fault.HOLD, Fault.STALL}:
            self._held.append((rule, request, held))
        if fault in {Fault.LOSE_ANSWER, Fault.CUT, Fault.TRICKLE}:
            answer = await self._pass_on(request)
        rule.seen.set()
        match fault:
            case Fault.REFUSE | Fault.HOLD | Fault.LOSE_ANSWER:
                writer.transport.abort()
            case Fault.HANG:
                await self._silence.wait()
            case Fault.DELAY:
                await asyncio.sleep(rule.seconds)
                writer.write(await self._pass_on(request))
                await writer.drain()
            case Fault.STALL:
                writer.write(await held)
                await writer.drain()
            case Fault.CUT:
                head, separator, body = answer.partition(b"\r\n\r\n")
                says_something = len(body) > len(b"{}")
                half = head + separator + body[: len(body) // 2] if says_something else head[:8]
                writer.write(half)
                await writer.drain()
            case Fault.TRICKLE:
                for byte in answer:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(rule.seconds)
            case Fault.ERROR:
                writer.write(error_answer(request, rule.status, rule.code))
                await writer.drain()
