"""Run the stand-in: ``python -m tests.bench.standin PORT DYNAMODB_MS S3_MS``, until SIGTERM.

``GET /-/written`` tells when each put of an item was accepted; ``GET /-/began`` when the first
request came since it was last asked.
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

    def __init__(self) -> None:
        self.dynamodb = DynamoDB()
        self.s3 = S3()
        self.began = 0.0  # seconds since the epoch

    def answer(self, request: Request) -> bytes:
        """Answer a request."""
        if request.target.startswith("/-/"):
            return response(200, json.dumps(self._tell(request.target)).encode())
        self.began = self.began or time.time()
        return (self.dynamodb if request.is_dynamodb else self.s3).answer(request)

    def _tell(self, target: str) -> Any:
        if target == "/-/written":
            return self.dynamodb.written
        began, self.began = self.began, 0.0
        return began


async def serve(port: int, delays: Delays) -> None:
    """Serve on loopback for good."""
    stand_in = StandIn()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(stand_in.answer, delays), "127.0.0.1", port
    )
    await server.serve_forever()


def main() -> None:
    """Parse the arguments and serve."""
    port, *milliseconds = sys.argv[1:]
    dynamodb, s3 = (float(value) / 1000 for value in milliseconds)
    gc.disable()  # nothing here refers to itself, and there may be millions of items
    asyncio.run(serve(int(port), Delays(dynamodb, s3)))


if __name__ == "__main__":
    main()
