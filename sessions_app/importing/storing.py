"""Stores what a file holds: all of it, or nothing."""

import uuid
from collections.abc import Callable
from datetime import datetime
from time import monotonic, sleep
from typing import IO

from django.contrib.auth.models import User
from django.db import Error, connection, transaction
from psycopg.errors import LockNotAvailable, UniqueViolation

from campaigns.models import Campaign
from config.web.large_work import WAIT, let_others
from sessions_app.importing.errors import ImportRefused
from sessions_app.importing.file_names import printable
from sessions_app.importing.incoming import IncomingCampaign, IncomingSession, Origin
from sessions_app.importing.outcomes import ImportResult, Outcome
from sessions_app.importing.reading import read_incoming
from sessions_app.models import Highlight, Session
from sessions_app.transcripts import TranscriptError

# Whoever stores the same ids must not be waited for any longer: it may wait for its turn.
LOCK_TIMEOUT = "2s"
TEXT_FIELDS = ("description", "notes", "summary", "player_recap")


def import_file(
    owner: User,
    file: IO[bytes],
    name: str,
    campaign: Campaign | None = None,
    *,
    trusted: bool = False,
    tell: Callable[[], object] = lambda: None,
) -> ImportResult:
    """Store what an open file holds as sessions of this owner; nothing if any of it is refused.

    All sessions go into ``campaign``. Without one, a transcript becomes an unfiled session, and an
    export goes into the campaign that it came from, which is created if it is not there. A session
    that is there already is left as it is. With ``trusted``, storage keys need no signature.

    Raises ``ImportRefused``.
    """
    source = printable(name)
    storing = _Storing(owner, campaign)
    try:
        with transaction.atomic():
            _wait_for_other_import(owner)
            for incoming in read_incoming(file, source, trusted=trusted):
                if isinstance(incoming, IncomingCampaign):
                    storing.add_campaign(incoming)
                else:
                    storing.add_session(incoming)
                    tell()
                del incoming  # before the next one is read
                let_others()  # a long archive takes minutes
    except TranscriptError as error:
        raise ImportRefused(str(error)) from None
    except Error as error:
        if not isinstance(error.__cause__, (LockNotAvailable, UniqueViolation)):
            raise
        raise ImportRefused(
            "Somebody else imports or changes the same right now. Retry in a minute."
        ) from None
    return storing.result


def _wait_for_other_import(owner: User) -> None:
    """Let no other process import for this owner until this transaction ends.

    Whoever repeats an import that still runs would find nothing of it, and store it again.
    """
    deadline = monotonic() + WAIT
    lock = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        while not cursor.execute(lock, [f"import for user {owner.pk}"]).fetchone()[0]:
            if monotonic() >= deadline:
                raise ImportRefused(
                    "Another import into this account still runs. Wait until it is done, then "
                    "retry: what is there by then is not stored again."
                )
            let_others()
            sleep(0.1)


class _Storing:
    """Stores the campaigns and sessions of one file. Each method needs a transaction."""

    def __init__(self, owner: User, chosen: Campaign | None) -> None:
        self.owner = owner
        self.chosen = chosen
        self.result = ImportResult()
        self.campaigns: dict[uuid.UUID | str, Campaign] = {}  # by id and name in the file

    def add_campaign(self, incoming: IncomingCampaign) -> None:
        """Store a campaign, unless all sessions go into a chosen one, or it is there already."""
        if self.chosen is None:
            campaign = self._campaign(incoming.row, incoming.created_at)
            _fill_in(campaign, incoming.row)

    def add_session(self, incoming: IncomingSession) -> None:
        """Store a session with its highlights, unless it is there already."""
        row = incoming.row
        existing = self._with_same_id(incoming)
        campaign = None
        if existing is None:
            campaign = self.chosen or self._origin(incoming.origin)
            existing = self._with_same_content(incoming, campaign)
        if existing is not None:
            outcome = Outcome(incoming.source, existing.pk, existing.name, is_new=False)
            self.result.outcomes.append(outcome)
            return
        row.owner, row.campaign = self.owner, campaign
        namesakes = Session.objects.filter(owner=self.owner, campaign=campaign, name=row.name)
        is_namesake = not incoming.is_export and namesakes.exists()
        _insert(row, incoming.created_at)
        _insert_highlights(row, incoming.highlights)
        self.result.outcomes.append(
            Outcome(
                incoming.source,
                row.pk,
                row.name,
                is_new=True,
                is_namesake=is_namesake,
                words=_words(row),
                notes=incoming.notes,
            )
        )

    def _with_same_id(self, incoming: IncomingSession) -> Session | None:
        """Return the owner's session with the id of an export, wherever it is filed now.

        If a campaign was chosen, only a session in it counts: elsewhere, a copy is wanted.
        """
        own = Session.objects.for_list().filter(owner=self.owner, pk=incoming.row.pk)
        return (own.filter(campaign=self.chosen) if self.chosen else own).first()

    def _with_same_content(
        self, incoming: IncomingSession, campaign: Campaign | None
    ) -> Session | None:
        """Return the session in the campaign that has the same name, transcript and texts."""
        compared = ("name", "transcript_text", *(TEXT_FIELDS if incoming.is_export else ()))
        same = {field: getattr(incoming.row, field) for field in compared}
        filed = Session.objects.for_list().filter(owner=self.owner, campaign=campaign)
        return filed.filter(**same).first()

    def _origin(self, origin: Origin | None) -> Campaign | None:
        if origin is None:
            return None
        known = self.campaigns.get(origin.id or origin.name)
        if known is not None:
            return known
        row = Campaign(name=origin.name)
        row.pk = origin.id or row.pk
        return self._campaign(row, None, has_id=origin.id is not None)

    def _campaign(
        self, row: Campaign, created_at: datetime | None, *, has_id: bool = True
    ) -> Campaign:
        """Return the owner's campaign with this id; store the row if there is none.

        Somebody else may have the campaign with this id: whoever imports it again means the copy,
        which has the same name.
        """
        keys = (row.pk, row.name)
        own = Campaign.objects.filter(owner=self.owner)
        found = own.filter(pk=row.pk).first()
        if found is None and (not has_id or Campaign.objects.filter(pk=row.pk).exists()):
            # Two campaigns of an archive may have the same name.
            used = {campaign.pk for campaign in self.campaigns.values()}
            found = own.exclude(pk__in=used).filter(name=row.name).first()
        if found is None:
            row.owner = self.owner
            _insert(row, created_at)
            self.result.campaigns.append(row)
        self.campaigns.update(dict.fromkeys(keys, found or row))
        return found or row


def _fill_in(campaign: Campaign, row: Campaign) -> None:
    """Add what a campaign lacks, since one of its sessions may have been imported before it."""
    missing = [
        field
        for field in ("description", "language")
        if getattr(row, field) and not getattr(campaign, field)
    ]
    for field in missing:
        setattr(campaign, field, getattr(row, field))
    if missing:
        campaign.save(update_fields=[*missing, "updated_at"])


def _insert(row: Campaign | Session, created_at: datetime | None) -> None:
    """Insert a row, under its own id if nobody has it, as if it had been created at that time."""
    rows = type(row)._default_manager
    if rows.filter(pk=row.pk).exists():
        row.pk = uuid.uuid4()
    row.save(force_insert=True)
    if created_at is not None:  # save() sets the present time
        rows.filter(pk=row.pk).update(created_at=created_at)


def _insert_highlights(session: Session, highlights: list[Highlight]) -> None:
    times = [highlight.created_at for highlight in highlights]
    for highlight in highlights:
        highlight.session = session
    Highlight.objects.bulk_create(highlights)
    for highlight, time in zip(highlights, times, strict=True):
        highlight.created_at = time  # of the same turn, the earlier one comes first
    Highlight.objects.bulk_update(highlights, ["created_at"], batch_size=500)


def _words(session: Session) -> int:
    count = session.metrics.get("totalWordCount") if isinstance(session.metrics, dict) else 0
    return count if isinstance(count, int) else 0
