"""What a file holds, before it is stored."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from campaigns.models import Campaign
from sessions_app.models import Highlight, Session


@dataclass(frozen=True)
class IncomingCampaign:
    """A campaign of an archive: a row without owner. Its id is the one that it was exported with.

    ``created_at`` is ``None`` if the file does not say it.
    """

    row: Campaign
    created_at: datetime | None


@dataclass(frozen=True)
class Origin:
    """The campaign that a session was exported from. Files of version 1 do not say its id."""

    id: UUID | None
    name: str


@dataclass(frozen=True)
class IncomingSession:
    """A session of a file: a row without owner and campaign.

    ``source`` is what messages call the file. An export also says the rest, and its row has the id
    that it was exported with.
    """

    source: str
    row: Session
    is_export: bool = False
    origin: Origin | None = None
    created_at: datetime | None = None
    highlights: list[Highlight] = field(default_factory=list)
    notes: tuple[str, ...] = ()


Incoming = IncomingCampaign | IncomingSession
