"""The ways to mirror sessions that are compared: a signal, an outbox written by signals, and ours.

The first two are what a competent developer writes in an afternoon: nothing in them is wrong in
itself. Each writes to a table of its own.
"""

from __future__ import annotations

import functools
import json
from abc import ABC, abstractmethod
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_delete, post_save

from mirror.stores import clients, provision
from mirror.sync import worker
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.stored import live_items

Rows = dict[str, tuple[str, str]]  # id: name and campaign


def in_postgresql() -> Rows:
    """Return every session."""
    return {
        str(row.pk): (row.name, str(row.campaign_id or "")) for row in Session.objects.for_list()
    }


@functools.cache
def _client(address: str) -> Any:
    make: Any = boto3.client
    config = Config(retries={"total_max_attempts": 1}, read_timeout=5)
    return make("dynamodb", endpoint_url=address, region_name="us-east-1", config=config)


class Way(ABC):
    """A way to mirror sessions. A new one begins with an empty table."""

    title: str
    table: str

    def __init__(self, address: str) -> None:
        self.client = _client(address)

    @abstractmethod
    def stored(self) -> Rows:
        """Return every session that the table shows."""

    def attempt(self) -> None:  # noqa: B027 - not every way has to
        """Send what is due, once, whether AWS answers or not."""

    def deliver(self) -> None:  # noqa: B027 - not every way has to
        """Send everything that is owed."""

    def repair(self) -> bool:
        """Whether the way itself finds and mends a difference."""
        return False

    def close(self) -> None:  # noqa: B027 - not every way has to
        """Stop mirroring."""

    def empty_table(self) -> None:
        """Remove all items past the way, as somebody in the console would."""
        for item in self.client.scan(TableName=self.table)["Items"]:
            key = {name: item[name] for name in ("pk", "sk")}
            self.client.delete_item(TableName=self.table, Key=key)


class Signal(Way):
    """Puts the item in ``post_save``, deletes it in ``post_delete``, and never bothers the user."""

    title = "signal with try/except"
    table = "by-signal"

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.client.create_table(
            TableName=self.table,
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
            KeySchema=provision.KEY_SCHEMA,
            BillingMode="PAY_PER_REQUEST",
        )
        post_save.connect(self._saved, sender=Session)
        post_delete.connect(self._deleted, sender=Session)

    def close(self) -> None:
        post_save.disconnect(self._saved, sender=Session)
        post_delete.disconnect(self._deleted, sender=Session)

    def _saved(self, instance: Session, **_: Any) -> None:
        texts = {
            **dict.fromkeys(("pk", "sk"), str(instance.pk)),
            "name": instance.name,
            "notes": instance.notes,
            "campaign": str(instance.campaign_id or ""),
        }
        self.changed("put_item", {"Item": {name: {"S": text} for name, text in texts.items()}})

    def _deleted(self, instance: Session, **_: Any) -> None:
        self.changed(
            "delete_item", {"Key": {name: {"S": str(instance.pk)} for name in ("pk", "sk")}}
        )

    def changed(self, operation: str, arguments: dict[str, Any]) -> None:
        """Act on a change. It is logged here if AWS does not take it, and that is all."""
        self.send(operation, arguments)

    def send(self, operation: str, arguments: dict[str, Any]) -> bool:
        """Ask AWS; return whether it did as it was told."""
        try:
            getattr(self.client, operation)(TableName=self.table, **arguments)
        except (BotoCoreError, ClientError):
            return False
        return True

    def stored(self) -> Rows:
        items = self.client.scan(TableName=self.table)["Items"]
        return {item["pk"]["S"]: (item["name"]["S"], item["campaign"]["S"]) for item in items}


class Outbox(Signal):
    """The signals write what is to be sent into a table; a relay sends it in order, and retries."""

    title = "outbox row by signals"
    table = "by-outbox"

    def __init__(self, address: str) -> None:
        super().__init__(address)
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS losses_outbox")
            cursor.execute(
                "CREATE TABLE losses_outbox (id bigserial, operation text, arguments text)"
            )

    def close(self) -> None:
        super().close()
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE losses_outbox")

    def changed(self, operation: str, arguments: dict[str, Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO losses_outbox (operation, arguments) VALUES (%s, %s)",
                [operation, json.dumps(arguments)],
            )

    def attempt(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, operation, arguments FROM losses_outbox ORDER BY id")
            for number, operation, arguments in cursor.fetchall():
                if not self.send(operation, json.loads(arguments)):
                    return
                cursor.execute("DELETE FROM losses_outbox WHERE id = %s", [number])

    def deliver(self) -> None:
        self.attempt()


class Mirror(Way):
    """This one: the triggers, the ledger, and a worker."""

    title = "this mirror"
    table = settings.MIRROR["TABLE"]

    def __init__(self, address: str) -> None:
        super().__init__(address)
        provision.provision(clients.background_clients())

    def stored(self) -> Rows:
        items = live_items(clients.background_clients())
        return {
            item["id"]: (item["name"], item.get("campaignId", ""))
            for item in items
            if item["__edb_e__"] == "session"
        }

    def attempt(self) -> None:
        worker.mirror_due()

    def deliver(self) -> None:
        worker.drain()

    def repair(self) -> bool:
        found, _ = run("mirror_check")
        left, _ = run("mirror_check", "--repair")
        return (found, left) == (1, 0)


WAYS: tuple[type[Way], ...] = (Signal, Outbox, Mirror)
