"""Run the stand-in: ``python -m tests.bench.standin PORT TABLE DYNAMODB_MS S3_MS``, until SIGTERM.

Questions to the stand-in itself: ``GET /-/written`` tells when each put of an item was accepted,
``/-/count`` how many there were, ``/-/began`` when the first request came since this was asked.
``POST /-/load`` takes items for the table, one a line.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from typing import Any

from tests.bench.standin.dynamodb import DynamoDB
from tests.bench.standin.http import Connection, Delays, Request, response
from tests.bench.standin.s3 import S3


class StandIn:
    """Both stores behind one port."""

    def __init__(self, table: str) -> None:
        self.dynamodb = DynamoDB()
        self.s3 = S3()
        self._table = table
        self._began = 0.0  # seconds since the epoch

    def answer(self, request: Request) -> bytes:
        """Answer a request."""
        if request.target.startswith("/-/"):
            return response(200, json.dumps(self._tell(request)).encode(), "application/json")
        self._began = self._began or time.time()
        return (self.dynamodb if request.is_dynamodb else self.s3).answer(request)

    def _tell(self, request: Request) -> Any:
        match request.target[3:]:
            case "written":
                return self.dynamodb.written
            case "count":
                return len(self.dynamodb.written)
            case "began":
                began, self._began = self._began, 0.0
                return began
            case "load":
                self.dynamodb.load(self._table, map(json.loads, request.body.splitlines()))
        return None


async def serve(port: int, table: str, delays: Delays) -> None:
    """Serve on loopback for good."""
    stand_in = StandIn(table)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(stand_in.answer, delays), "127.0.0.1", port
    )
    await server.serve_forever()


def main() -> None:
    """Parse the arguments and serve."""
    port, table, *milliseconds = sys.argv[1:]
    dynamodb, s3 = (float(value) / 1000 for value in milliseconds)
    gc.disable()  # nothing here refers to itself, and there may be millions of items
    asyncio.run(serve(int(port), table, Delays(dynamodb, s3)))


if __name__ == "__main__":
    main()
