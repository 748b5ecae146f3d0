"""Triggers that update the search index in the statement that writes a session.

The index is a table of its own (``SessionSearch``), since it may have a megabyte for a session, and
a page that loads the session must not load it.
"""

import pgtrigger

# Migration 0002 creates session_search_vector().
_UPSERT = """
    INSERT INTO sessions_app_sessionsearch (session_id, vector)
    VALUES (NEW.id, session_search_vector(NEW.name, NEW.description, NEW.transcript_text))
    ON CONFLICT (session_id) DO UPDATE SET vector = excluded.vector;
    RETURN NULL;
"""
# If the primary key was changed, the old key has no session any more.
_UPDATE = f"""
    DELETE FROM sessions_app_sessionsearch WHERE session_id = OLD.id AND OLD.id <> NEW.id;
    {_UPSERT.strip()}
"""  # noqa: S608 - a constant only
_DELETE = """
    DELETE FROM sessions_app_sessionsearch USING old_rows WHERE session_id = old_rows.id;
    RETURN NULL;
"""
_CLEAR = """
    DELETE FROM sessions_app_sessionsearch;
    RETURN NULL;
"""


def keep_search_index() -> list[pgtrigger.Trigger]:
    """Return the triggers for ``Meta.triggers`` of the session model.

    An update makes a new vector only if it changed a text that is searched, or the primary key.
    """
    searched_text_changed = pgtrigger.AnyChange("id", "name", "description", "transcript_text")
    return [
        pgtrigger.Trigger(
            name="search_index_insert",
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            func=_UPSERT,
        ),
        pgtrigger.Trigger(
            name="search_index_update",
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=searched_text_changed,
            func=_UPDATE,
        ),
        pgtrigger.Trigger(
            name="search_index_delete",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            referencing=pgtrigger.Referencing(old="old_rows"),
            func=_DELETE,
        ),
        pgtrigger.Trigger(
            name="search_index_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Truncate,
            func=_CLEAR,
        ),
    ]
