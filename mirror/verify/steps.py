"""What to do next about each thing that the verdict finds lacking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# It comes with the package, wherever that is installed, and has a section for each step.
RUNBOOK = Path(__file__).parents[1] / "runbook.md"


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it: ``a-row-is-parked``."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@dataclass(frozen=True)
class Step:
    """One thing to do: what for, what to type (if anything), and where the runbook says more."""

    section: str
    text: str
    command: str = ""

    @property
    def where(self) -> str:
        """The file and its section that say more."""
        return f"{RUNBOOK}, “{self.section}”"

    @property
    def anchor(self) -> str:
        """The anchor of that section."""
        return anchor(self.section)


SWITCH_ON = Step(
    "The mirror is switched off",
    "Switch it on in the settings, and restart the web servers and the workers:",
    'MIRROR["ENABLED"] = True',
)
ASK_STORES = Step(
    "A store does not answer",
    "The code in brackets says what is wrong. See whether table and bucket are there:",
    "manage.py mirror_setup --check",
)
START_WORKER = Step(
    "No worker is alive",
    "Start the worker, as a service that the service manager restarts:",
    "manage.py mirror_sync --watch",
)
END_OUTAGE = Step(
    "A store is out of reach",
    "Remove the cause, which the code in brackets names. A worker notices within seconds; without "
    "one, ask the store now:",
    "manage.py mirror_sync",
)
CHECK_DAILY = Step(
    "A day has no complete check",
    "Check every day, by a timer or by hand:",
    "manage.py mirror_check",
)
FIND_CAUSE = Step(
    "Too much differed on a day",
    "Find the cause in the findings of that day, then mirror again what differs:",
    "manage.py mirror_check --repair",
)
REPAIR = Step(
    "The last check is below full parity",
    "Look at the findings, remove their cause, then mirror again what differs, and check:",
    "manage.py mirror_check --repair",
)
REMOVE_ORPHANS = Step(
    "Only orphans are left",
    "A repair leaves orphans alone, as one may be all that is left of a row. Once no row is to "
    "come back, remove them with manage.py mirror_check --repair --delete-orphans. Before that, "
    "see whether rows were lost:",
    "manage.py mirror_restore --dry-run",
)
CHECK_AGAIN = Step(
    "The last check left rows pending",
    "What is pending is not compared. Let the worker mirror it, then check again:",
    "manage.py mirror_check",
)
CHECK_DEEP = Step(
    "A deep check is lacking",
    "Let a check read every object, once a week:",
    "manage.py mirror_check --deep",
)
CHANGE = Step(
    "Changes are lacking",
    "Do what is lacking: create, update, move or delete a row. Wait after each until nothing is "
    "pending, then check:",
    "manage.py mirror_check",
)
REHEARSE = Step(
    "A restore is not rehearsed",
    "Rebuild every row from the stores; this changes no row:",
    "manage.py mirror_restore --dry-run",
)
DRAIN = Step(
    "Changes wait too long",
    "See that the worker runs. Or mirror now all that waits:",
    "manage.py mirror_sync",
)
UNPARK = Step(
    "A row is parked",
    "Correct the row, which starts a new attempt; or remove the cause, then choose Retry in the "
    "list of parked rows on the mirror’s dashboard.",
)
MEND_TRIGGERS = Step(
    "A trigger is missing or does not run",
    "This says what to run. Then mirror what was missed, with manage.py mirror_sync --all:",
    "manage.py mirror_setup --check",
)
LOST_DOCUMENT = "Look at INSTALLED_APPS, which may lack the app, and at documents.py in the app."
REGISTER = Step(
    "A model has no document",
    f"Bring the document back. {LOST_DOCUMENT} Or forget the model, so that its items can be "
    "removed, as the runbook says.",
)
