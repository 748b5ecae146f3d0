"""The plan of an attempt: what it writes and removes, worked out before anything is asked of AWS.

Nothing here touches a store or the database. ``docs/architecture.md`` gives the reason for each
part.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from mirror.documents.items import Item, ItemKey, fingerprint, tombstone
from mirror.documents.render import Rendered
from mirror.models import Change, LedgerEntry, State
from mirror.models.attempts import Note
from mirror.models.due import ORPHAN_MODEL
from mirror.models.key_states import IN_USE, REUPLOADED, KeyState

TOMBSTONE_LIFE = timedelta(days=7)  # far longer than a put can be late
REMOVED_AT_ONCE = 1000  # objects that one DeleteObjects takes; an attempt removes no more
REMEMBERED = 1000  # unacknowledged writes of one row; forgetting one can only refuse a write


class Plan:
    """What brings one entry's item and objects to what PostgreSQL holds."""

    def __init__(self, entry: LedgerEntry, rendered: Rendered | None) -> None:
        """``rendered`` is None if the row is gone."""
        self.entry = entry
        self.live = [rendered.key] if rendered else []
        self.known = entry.key_states  # what earlier attempts recorded of each S3 key
        self.references = self._references(rendered) if rendered else {}
        self.uploads = self._uploads(rendered) if rendered else {}
        self.item_keys = list(
            dict.fromkeys([*(ItemKey(*key) for key in entry.item_keys), *self.live])
        )
        self.items = self._items(rendered)

    @property
    def size(self) -> int:
        """The bytes of all uploads."""
        return sum(map(len, self.uploads.values()))

    def before(self) -> Note:
        """Return what has to be recorded before anything is written."""
        attempted = [*self.entry.attempted, *map(fingerprint, reversed(self.items))]
        return Note(
            self.entry,
            self.item_keys,
            self.states,
            list(dict.fromkeys(attempted))[-REMEMBERED:],
        )

    def after(self) -> Note:
        """Return what the stores hold once everything has been written and removed."""
        kept = {name: self._state_in_use(name) for name in self.references.values()}
        landing = {key: self.states[key] for key in self.removals if self._may_land(key)}
        left = {key: self.states[key] for key in self._superseded[REMOVED_AT_ONCE:]}
        sweeps = [state.may_land_until for state in landing.values()]
        if left:
            sweeps = [self.entry.claimed_at]
        return Note(
            self.entry,
            self.live,
            kept | landing | left,
            sweep_at=max(sweeps, default=None),
            change=self.change,
        )

    @property
    def change(self) -> Change | None:
        """What kind of change this mirrors.

        None for a row that a backfill has enqueued, a removal that is repeated, an item without a
        row, and a row that came and went before it was ever mirrored.
        """
        entry = self.entry
        if entry.backfill or entry.state == State.MIRRORED or entry.model == ORPHAN_MODEL:
            return None
        if not self.live:
            return Change.DELETION if entry.item_keys else None
        if not (entry.mirrored_revision and entry.item_keys):
            return Change.CREATE
        # The first recorded key is the acknowledged one.
        return Change.UPDATE if entry.item_keys[0] == list(self.live[0]) else Change.MOVE

    @property
    def removals(self) -> list[str]:
        """The objects that no item refers to any more, as many as one request takes."""
        return self._superseded[:REMOVED_AT_ONCE]

    @cached_property
    def states(self) -> dict[str, KeyState]:
        """The record for S3: what is kept, what may be uploaded, what is to be removed."""
        wanted = set(self.references.values())
        since = self.entry.claimed_at
        known = {
            key: state if key in wanted else state.superseded(since)
            for key, state in self.known.items()
        }
        return known | dict.fromkeys(self.uploads, KeyState.uploading(since))

    @cached_property
    def _superseded(self) -> list[str]:
        wanted = set(self.references.values())
        return [key for key in self.states if key not in wanted]

    def _references(self, rendered: Rendered) -> dict[str, str]:
        """Return the S3 key for each body: the present one if the content is unchanged.

        A key that any later attempt meant to remove is never used again: a frozen worker may
        still carry the removal out.
        """
        in_use = [key for key in self.known if self._is_in_use(key)]
        return {
            body.attribute: next(
                (key for key in in_use if body.fingerprint.is_kept_at(key)),
                body.fingerprint.key(self.entry.revision),
            )
            for body in rendered.bodies
        }

    def _uploads(self, rendered: Rendered) -> dict[str, bytes]:
        contents = {self.references[body.attribute]: body.content for body in rendered.bodies}
        return {key: content for key, content in contents.items() if not self._is_in_use(key)}

    def _items(self, rendered: Rendered | None) -> list[Item]:
        """Return what is put: the item, and tombstones over all keys that are not its own."""
        revision, expires_at = self.entry.revision, self.entry.claimed_at + TOMBSTONE_LIFE
        live = [rendered.item(revision, self.references)] if rendered else []
        gone = [key for key in self.item_keys if key not in self.live]
        return [*live, *(tombstone(key, revision, expires_at) for key in gone)]

    def _is_in_use(self, key: str) -> bool:
        return key in self.known and self.known[key].in_use

    def _state_in_use(self, key: str) -> KeyState:
        """Return the state of a key that the item now points to.

        If an earlier attempt may have uploaded to it as well, that upload can land even after the
        key is removed one day: its removal will have to be repeated.
        """
        return IN_USE if self.known.get(key, IN_USE) == IN_USE else REUPLOADED

    def _may_land(self, key: str) -> bool:
        return self.states[key].may_land(self.entry.claimed_at)
