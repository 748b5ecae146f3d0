"""What an import did."""

from dataclasses import dataclass, field
from uuid import UUID

from campaigns.models import Campaign


@dataclass(frozen=True)
class Outcome:
    """What became of one session of a file.

    ``source`` is what messages call the file. ``is_new`` is false if the session was there
    already. ``is_namesake`` is true if one of its name, with another transcript, was there.
    ``notes`` are sentences for the person.
    """

    source: str
    session_id: UUID
    session_name: str
    is_new: bool
    is_namesake: bool = False
    words: int = 0
    notes: tuple[str, ...] = ()


@dataclass
class ImportResult:
    """The outcome for each session, and the campaigns that were created."""

    outcomes: list[Outcome] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)

    @property
    def new(self) -> list[Outcome]:
        """The sessions that were not there before."""
        return [outcome for outcome in self.outcomes if outcome.is_new]

    @property
    def skipped(self) -> list[Outcome]:
        """The sessions that were there already, and were left as they are."""
        return [outcome for outcome in self.outcomes if not outcome.is_new]

    @property
    def words(self) -> int:
        """How many words the new sessions have."""
        return sum(outcome.words for outcome in self.new)

    def add(self, other: "ImportResult") -> None:
        """Take over the result of another file."""
        self.outcomes += other.outcomes
        self.campaigns += other.campaigns
