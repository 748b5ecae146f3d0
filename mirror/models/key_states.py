"""What the ledger knows of each S3 key that a row has used: the values of ``object_keys``.

S3 has no conditional delete, and an upload that timed out may land after its object was removed.
So a key is recorded before anything is uploaded to it, and forgotten only once it has been removed
and no upload to it can land any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# AWS refuses a request signed more than 15 minutes ago; the rest is for a lease, as what is sent
# within it counts from its beginning.
UPLOAD_MAY_LAND = timedelta(minutes=16)

IN_USE_TEXT = "in use"
REUPLOADED_TEXT = "in use, uploaded more than once"
LONG_PAST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class KeyState:
    """The state of one S3 key. In the database it is a text, see ``parse``.

    While ``in_use``, the item points to the key; ``reuploaded`` says that an earlier upload to it
    was never confirmed and can still land. A key that is not in use is to be removed, and removed
    once more after ``may_land_until``, the latest moment at which an upload to it can land.
    """

    in_use: bool = False
    reuploaded: bool = False
    may_land_until: datetime = LONG_PAST

    @classmethod
    def parse(cls, text: str) -> KeyState:
        """Return the state that ``str`` wrote; ``ValueError`` for any other text."""
        if text in {IN_USE_TEXT, REUPLOADED_TEXT}:
            return cls(in_use=True, reuploaded=text == REUPLOADED_TEXT)
        return cls(may_land_until=datetime.fromisoformat(text))

    def __str__(self) -> str:
        if self.in_use:
            return REUPLOADED_TEXT if self.reuploaded else IN_USE_TEXT
        return self.may_land_until.isoformat()

    @classmethod
    def uploading(cls, since: datetime) -> KeyState:
        """Return the state of a key to which an upload is sent within a lease after ``since``."""
        return cls(may_land_until=since + UPLOAD_MAY_LAND)

    def superseded(self, at: datetime) -> KeyState:
        """Return the state of the key once the item no longer points to it."""
        if not self.in_use:
            return self
        return KeyState.uploading(at) if self.reuploaded else LANDED

    def may_land(self, at: datetime) -> bool:
        """Whether an upload to the key can land after ``at``."""
        return self.may_land_until > at


IN_USE = KeyState(in_use=True)
REUPLOADED = KeyState(in_use=True, reuploaded=True)
LANDED = KeyState()  # no upload is on its way: one removal is final


def load(texts: Mapping[str, str]) -> dict[str, KeyState]:
    """Return the states that the column ``object_keys`` holds, by S3 key."""
    return {key: KeyState.parse(text) for key, text in texts.items()}


def dump(states: Mapping[str, KeyState]) -> dict[str, str]:
    """Return the states as the column holds them."""
    return {key: str(state) for key, state in states.items()}
