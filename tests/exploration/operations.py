"""What people and workers do, by the names that scenarios use."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from threading import Event

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from campaigns.models import Campaign
from mirror.documents.items import key_of
from mirror.sync import backfill, worker
from mirror.verify import repair
from mirror.verify.findings import OBJECT_ORPHANED, ORPHANED, STALE, Finding
from sessions_app.models import Session
from tests.exploration import actors
from tests.exploration.world import LEASE, World

LABEL = "sessions_app.session"
ROW, CAMPAIGN = uuid.UUID(int=1), uuid.UUID(int=2)
BACKED_UP = ("mirror_ledgerentry", "campaigns_campaign", "sessions_app_session")
MAX_WAITS = 20  # of one drain: what still fails then will fail for ever


class Stop(Event):
    """Waits of a drain: time passes at once, in long steps."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        """Let virtual time pass, once others have gone first; give up at last."""
        self.waits += 1
        if self.waits > MAX_WAITS:
            self.set()
        actors.before_sleep(1.0)
        self.world.pass_time(max(timeout or 0.0, LEASE / 2))
        return False


class Operations:
    """The operations on one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def named(self, name: str) -> Callable[[], object]:
        """Return the operation of this name; ``save:B`` is ``save`` with ``B``."""
        verb, _, argument = name.partition(":")
        method = getattr(self, verb)
        return (lambda: method(argument)) if argument else method

    def row(self) -> QuerySet[Session]:
        return Session.objects.filter(pk=ROW)

    def create(self) -> None:
        for number in (1, 2):
            User.objects.get_or_create(pk=number, username=f"gm{number}")
        self.back()

    def file(self) -> None:
        Campaign.objects.create(pk=CAMPAIGN, owner_id=1, name="A")
        self.row().update(campaign_id=CAMPAIGN)

    def save(self, text: str) -> None:
        self.row().update(transcript_text=text)

    def rename(self, name: str) -> None:
        self.row().update(name=name)

    def transaction(self, text: str) -> None:
        with transaction.atomic():
            self.save(text)

    def move(self, owner: str) -> None:
        self.row().update(owner_id=int(owner))

    def unfile(self) -> None:
        self.row().update(campaign_id=None)

    def delete(self) -> None:
        self.row()._raw_delete("default")

    def back(self) -> None:
        row = Session(pk=ROW, owner_id=1, name="one", transcript_text="A")
        Session.objects.bulk_create([row])

    def backup(self) -> None:
        self.world.backup = {table: self.world.database.rows()[table] for table in BACKED_UP}
        self.world.backup_state = self.world.database.state()

    def restore(self) -> None:
        self.world.database.put_back(self.world.backup)
        known = max(entry["revision"] for entry in self.world.backup["mirror_ledgerentry"])
        self.world.cloud.guard_newer_items(known)
        self.world.restored = True

    def repair(self) -> None:
        self.world.cloud.precious = {}
        repair.mark_dirty([Finding(STALE, LABEL, str(ROW), "")], self.world.stores)

    def orphans(self) -> None:
        """Somebody put an item and an object there that the ledger does not know."""
        (item,) = [item for item in self.world.cloud.items.values() if "id" in item]
        stray = {**item, "pk": {"S": "user#9"}}
        key = stray["transcriptStorageKey"]["S"].replace("/1-", "/0-")
        self.world.cloud.objects[key] = self.world.cloud.objects[stray["transcriptStorageKey"]["S"]]
        stray["transcriptStorageKey"] = {"S": key}
        self.world.cloud.items[key_of(stray)] = stray

    def remove(self) -> None:
        """Repair as ``mirror_check --repair --delete-orphans`` does."""
        entry = self.world.database.rows()["mirror_ledgerentry"][0]
        items = [key for key in self.world.cloud.items if list(key) not in entry["item_keys"]]
        objects = self.world.cloud.objects.keys() - entry["object_keys"].keys()
        findings = [Finding(ORPHANED, LABEL, str(ROW), key) for key in items]
        findings += [Finding(OBJECT_ORPHANED, LABEL, str(ROW), key) for key in sorted(objects)]
        repair.mark_dirty(findings, self.world.stores)

    def enqueue(self) -> None:
        backfill.enqueue_all(force_upload=True)

    def outage(self) -> None:
        self.world.cloud.s3_is_down = True

    def recovery(self) -> None:
        self.world.cloud.s3_is_down = False

    def work(self) -> None:
        worker.mirror_due()

    def drain(self) -> None:
        worker.Worker(stop=Stop(self.world)).drain()
