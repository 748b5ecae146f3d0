"""Long work that only reads asks again: one refusal or one reset must not end it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from mirror.documents.items import ItemKey
from mirror.errors import StoreError
from mirror.stores import clients
from tests.support.aws import point_clients_at

THROTTLED = b'{"__type":"com.amazonaws.dynamodb#ThrottlingException"}'


class Throttling(http.server.BaseHTTPRequestHandler):
    """Answers the first requests with a throttling error, then with an empty result."""

    refusals = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        refuse = Throttling.refusals > 0
        Throttling.refusals -= 1
        self.send_response(400 if refuse else 200)
        body = THROTTLED if refuse else b'{"Responses":{}}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def throttling(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Throttling)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    point_clients_at(address, address, monkeypatch)
    yield
    server.shutdown()
    server.server_close()
    clients.reset_clients()


@pytest.mark.usefixtures("throttling")
def test_a_throttled_read_is_repeated() -> None:
    Throttling.refusals = 2
    assert clients.reading_clients().items.get_many([ItemKey("a", "b")]) == {}


@pytest.mark.usefixtures("throttling")
def test_reads_that_go_on_failing_end() -> None:
    Throttling.refusals = 100
    with pytest.raises(StoreError):
        clients.reading_clients().items.get_many([ItemKey("a", "b")])
    assert Throttling.refusals == 100 - clients.READ_ATTEMPTS


@pytest.mark.usefixtures("throttling")
def test_an_attempt_of_the_engine_asks_once() -> None:
    Throttling.refusals = 1
    with pytest.raises(StoreError):
        clients.background_clients().items.get_many([ItemKey("a", "b")])
