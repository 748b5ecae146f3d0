"""Triggers of the session table, besides the mirror's: the database keeps its search vector.

Whoever writes a session (a form, the admin, an import, SQL), search finds what it says.
"""

import pgtrigger

# The function that computes the vector is created by the migration that adds the column.
_KEEP = "NEW.search = session_search_vector(NEW.name, NEW.description, NEW.transcript_text);"


def keep_search_vector() -> list[pgtrigger.Trigger]:
    """Return triggers that compute the vector anew only where one of its texts changes."""
    return [
        _trigger("insert", pgtrigger.Insert, None),
        _trigger(
            "update",
            pgtrigger.Update,
            pgtrigger.AnyChange("name", "description", "transcript_text"),
        ),
    ]


def _trigger(
    name: str, operation: pgtrigger.Operation, condition: pgtrigger.Condition | None
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=f"search_{name}",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=operation,
        condition=condition,
        func=f"{_KEEP} RETURN NEW;",
    )
