"""Triggers that update the search index in the statement that writes a session.

The index is a table of its own (``SessionSearch``), since it may have a megabyte for a session, and
a page that loads the session must not load it.
"""

import pgtrigger

# Migration 0006 creates these functions. Named with their schema, and running with the rights of
# their owner, they ask no search_path of a writer and no right on the index.
_PUT = """
    PERFORM public.session_search_put(NEW.id, NEW.name, NEW.description, NEW.transcript_text);
    RETURN NULL;
"""
# If the primary key was changed, the old key has no session any more.
_UPDATE = f"""
    IF OLD.id <> NEW.id THEN
        PERFORM public.session_search_drop(ARRAY[OLD.id]);
    END IF;
    {_PUT.strip()}
"""
_DELETE = """
    PERFORM public.session_search_drop(ARRAY(SELECT id FROM old_rows));
    RETURN NULL;
"""
_CLEAR = """
    PERFORM public.session_search_drop(NULL);
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
            func=_PUT,
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
