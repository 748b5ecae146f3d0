"""What the verdict is judged by, as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from mirror.models import Backlog, Changes, CheckRun, Outage, RestoreRun, Workers


@dataclass(frozen=True)
class Facts:
    """The facts, of now and of the validation period, which has ``length`` days.

    ``stores`` has why each store does not answer, or an empty text. ``runs`` are the complete
    checks of the period, the newest first. ``sample`` found differences after the last of them.
    """

    enabled: bool
    stores: Mapping[str, str]
    workers: Workers
    outages: tuple[Outage, ...]
    backlog: Backlog
    undocumented: tuple[str, ...]  # models of the ledger without a document
    rows_can_move: bool  # of any document
    triggers: tuple[str, ...]  # what is wrong with them
    today: date
    length: int
    unchecked: tuple[date, ...]  # days without a complete check
    inconclusive: tuple[date, ...]  # days whose checks left too much pending
    too_different: tuple[date, ...]  # days on which a check found too much
    runs: tuple[CheckRun, ...]
    sample: CheckRun | None
    rehearsal: RestoreRun | None  # the last one of the period

    @property
    def last_run(self) -> CheckRun | None:
        """The last complete check."""
        return next(iter(self.runs), None)

    @property
    def last_deep_run(self) -> CheckRun | None:
        """The last complete check that read every object."""
        return next((run for run in self.runs if run.deep), None)

    @property
    def changes(self) -> Changes | None:
        """What was mirrored before the last check and not before the first one.

        So a check has seen each of these changes. None without two checks that have counted. They
        are added from check to check, as counting begins anew once the counts are lost.
        """
        counted = [Changes(**run.changes) for run in self.runs if run.changes is not None]
        mirrored = (now.since(before) for now, before in pairwise(counted))
        return Changes(*map(sum, zip(*mirrored, strict=True))) if counted[1:] else None
