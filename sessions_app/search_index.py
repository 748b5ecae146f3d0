"""The triggers that keep the search index of sessions, whoever writes a session.

The index has a table of its own (``SessionSearch``), since a page that loads a session must not
load up to a megabyte of it.
"""

import pgtrigger

# The migration that began the index created session_search_vector().
_INDEX = """
    INSERT INTO sessions_app_sessionsearch (session_id, vector)
    VALUES (NEW.id, session_search_vector(NEW.name, NEW.description, NEW.transcript_text))
    ON CONFLICT (session_id) DO UPDATE SET vector = excluded.vector;
    RETURN NULL;
"""
_MOVE = f"""
    DELETE FROM sessions_app_sessionsearch WHERE session_id = OLD.id AND OLD.id <> NEW.id;
    {_INDEX.strip()}
"""  # noqa: S608 - a constant only
_REMOVE = """
    DELETE FROM sessions_app_sessionsearch USING old_rows WHERE session_id = old_rows.id;
    RETURN NULL;
"""
_CLEAR = """
    DELETE FROM sessions_app_sessionsearch;
    RETURN NULL;
"""


def keep_search_index() -> list[pgtrigger.Trigger]:
    """Return triggers that index a session again only if one of its texts has changed."""
    changed = pgtrigger.AnyChange("id", "name", "description", "transcript_text")
    return [
        pgtrigger.Trigger(
            name="search_index_insert",
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            func=_INDEX,
        ),
        pgtrigger.Trigger(
            name="search_index_update",
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=changed,
            func=_MOVE,
        ),
        pgtrigger.Trigger(
            name="search_index_delete",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            referencing=pgtrigger.Referencing(old="old_rows"),
            func=_REMOVE,
        ),
        pgtrigger.Trigger(
            name="search_index_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Truncate,
            func=_CLEAR,
        ),
    ]
