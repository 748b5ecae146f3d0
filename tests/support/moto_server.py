"""moto, as a server in the process of the tests: safe for threads, and quick to provision."""

from __future__ import annotations

import copy
import sys
from threading import Lock
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.s3.models import s3_backends

from mirror.stores import provision
from mirror.stores.clients import Stores


def let_dynamodb_serve_one_at_a_time() -> None:
    """Keep moto from losing one of two items that are put at once into a new partition."""
    lock, call_action = Lock(), DynamoHandler.call_action

    def one_at_a_time(handler: DynamoHandler) -> Any:
        with lock:
            return call_action(handler)

    DynamoHandler.call_action = one_at_a_time  # type: ignore[method-assign]


def keep_coverage_out() -> None:
    """Do not trace the threads of moto: its own code is not measured, and a trace slows it."""
    handler: Any = MotoRequestHandler
    handle = handler.handle

    def untraced(request: MotoRequestHandler) -> None:
        sys.settrace(None)
        handle(request)

    handler.handle = untraced


_provisioned: dict[tuple[str, str], Any] = {}


def provision_quickly(stores: Stores) -> None:
    """Create the table and the bucket; the second time copy them into moto, without a request."""
    names = stores.items.table, stores.objects.bucket
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    s3 = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    if names not in _provisioned:
        provision.provision(stores)
        _provisioned[names] = copy.deepcopy((tables[names[0]], s3.buckets[names[1]]))
        return
    table, bucket = copy.deepcopy(_provisioned[names])
    tables[table.name], s3.buckets[bucket.name] = table, bucket
    s3_backends.bucket_accounts[bucket.name] = (bucket.partition, bucket.account_id)
