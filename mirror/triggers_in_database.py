"""Whether the database has the triggers that the models declare, and runs them."""

from __future__ import annotations

from typing import Any, NamedTuple

import pgtrigger
import pgtrigger.utils
from django.db import connections

from mirror.capture import PREFIX
from mirror.conf import PRIMARY

CREATE = (
    "Run manage.py makemigrations and manage.py migrate. If both find nothing to do, run"
    " manage.py pgtrigger install, and then mirror_sync --all for what was missed."
)
ENABLE = "Run manage.py pgtrigger enable, and then mirror_sync --all for what was missed."
LACKING = "the database lacks"
# Of each trigger: whether it is there, the hash of its form, and whether all but replicas run it.
FOUND = """
    SELECT t.oid IS NOT NULL, obj_description(t.oid, 'pg_trigger'), t.tgenabled = 'O'
    FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS declared (tab, name, number)
    LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass(tab) AND t.tgname = name ORDER BY number
"""


class Problem(NamedTuple):
    """What is wrong with some triggers of a model, and what would help."""

    model: Any
    text: str
    hint: str
    names: list[str]

    def __str__(self) -> str:
        return f"{self.model._meta.label_lower}: {self.text} {', '.join(self.names)}."


def captured() -> dict[Any, list[pgtrigger.Trigger]]:
    """Return the triggers of the mirror that each model declares."""
    found: dict[Any, list[pgtrigger.Trigger]] = {}
    for model, trigger in pgtrigger.registered():
        if str(trigger.name).startswith(PREFIX):
            found.setdefault(model, []).append(trigger)
    return found


def problems() -> list[Problem]:
    """Return which triggers the database lacks, has in another form, or does not run.

    One statement, however many there are.
    """
    declared = [
        (model, trigger)
        for model, triggers in captured().items()
        for trigger in triggers
        if trigger.allow_migrate(model, database=PRIMARY)
    ]
    tables = [pgtrigger.utils.quote(model._meta.db_table) for model, _ in declared]
    names = [trigger.get_pgid(model) for model, trigger in declared]
    with connections[PRIMARY].cursor() as cursor:
        cursor.execute(FOUND, [tables, names])
        states = cursor.fetchall()
    found: dict[tuple[Any, str], Problem] = {}
    for (model, trigger), (exists, form, runs) in zip(declared, states, strict=True):
        if not exists:
            text, hint = LACKING, CREATE
        elif form != trigger.compile(model).hash:
            text, hint = "the database has an old form of", CREATE
        elif not runs:
            text, hint = "the database does not run", ENABLE
        else:
            continue
        problem = found.setdefault((model, text), Problem(model, text, hint, []))
        problem.names.append(str(trigger.name))
    return list(found.values())
