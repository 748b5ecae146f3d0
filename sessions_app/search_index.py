"""The search index: two tables that triggers keep, whoever writes a session.

PostgreSQL functions (see migrations 0009 and 0012) fold words, so that neither case nor accents
matter, and divide texts into passages of some hundred words. Language is not part of the index: the
query brings the forms of its words.
"""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Concat

KEYS = models.Func(
    "owner_id",
    "session_id",
    "kind",
    "words",
    function="public.search_keys",
    output_field=SearchVectorField(),
)


class Kind(models.TextChoices):
    """What a text of the index is."""

    TYPED = "typed"  # all words of what people typed
    SPOKEN = "spoken"  # all words of the transcript
    NAME = "name"
    DESCRIPTION = "description"
    NOTES = "notes"
    SUMMARY = "summary"
    RECAP = "recap"
    SPEAKERS = "speakers"
    TRANSCRIPT = "transcript"


class SearchTextQuerySet(models.QuerySet["SearchText"]):
    """Queries by the keys of the index."""

    def having(self, keys: str) -> "SearchTextQuerySet":
        """Keep the texts whose keys match, a ``tsquery`` in PostgreSQL's own syntax."""
        query = models.Func(models.Value(keys), template="(%(expressions)s)::tsquery")
        return self.filter(
            models.Func(
                KEYS,
                query,
                arg_joiner=" @@ ",
                template="(%(expressions)s)",
                output_field=models.BooleanField(),
            )
        )

    def spaced(self) -> "SearchTextQuerySet":
        """Add ``spaced``: the words with a space before each and after the last."""
        space = models.Value(" ")
        spaced = Concat(space, "words", space, output_field=models.TextField())
        return self.alias(spaced=spaced)

    def passages(self) -> "SearchTextQuerySet":
        """Leave out the name, and whole sessions."""
        return self.exclude(kind__in=(Kind.TYPED, Kind.SPOKEN, Kind.NAME))


class SearchText(models.Model):
    """A passage of a session, or the words of all its passages. Only triggers write it.

    Its keys are the words, each pair of neighbours (``dark wood``), and the owner, session and kind
    (``@7``, ``=<id>``, ``#notes``), so that one index answers for one owner. The words and pairs of
    a whole session begin with ``!``; a long one has several rows, with a line for each passage.
    """

    id = models.BigAutoField(primary_key=True)
    # No foreign keys: whoever deletes a session, by raw SQL as well, fires the trigger.
    owner_id = models.IntegerField()
    session_id = models.UUIDField()
    kind = models.CharField(max_length=20, choices=Kind)
    lines = ArrayField(models.IntegerField(), help_text="The number of each line, from 1.")
    text = models.TextField(help_text="As it was typed; the last line begins the next passage.")
    words = models.TextField(help_text="Folded, with a space between.")

    objects = SearchTextQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["session_id", "kind"], name="search_text_session"),
            # A save writes its keys itself: a list of pending ones would be read by each search.
            GinIndex(KEYS, name="search_text_keys", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.session_id}"


class SearchWord(models.Model):
    """A folded word that occurs in the sessions of an owner, or did. Only triggers write it.

    A word may be there twice: two saves at once must not wait for each other.
    """

    id = models.BigAutoField(primary_key=True)
    owner_id = models.IntegerField()
    word = models.TextField(db_collation="C")

    class Meta:
        indexes = [models.Index(fields=["owner_id", "word"], name="search_word_owner")]

    def __str__(self) -> str:
        return self.word


_PUT_TYPED = """
    PERFORM public.search_put_typed(
        NEW.id, NEW.owner_id, NEW.name, NEW.description, NEW.notes, NEW.summary, NEW.player_recap,
        NEW.speaker_names
    );
"""
_PUT_SPOKEN = """
    PERFORM public.search_put_spoken(NEW.id, NEW.owner_id, NEW.transcript_text);
"""
_DROP = """
    PERFORM public.search_drop(
        ARRAY(SELECT id FROM old_rows), ARRAY(SELECT DISTINCT owner_id FROM old_rows)
    );
"""
_CLEAR = """
    PERFORM public.search_drop(NULL, NULL);
"""
_DROP_OLD_KEY = """
    IF OLD.id <> NEW.id THEN
        PERFORM public.search_drop(ARRAY[OLD.id], ARRAY[OLD.owner_id]);
    END IF;
"""
_RETURN = """
    RETURN NULL;
"""


def keep_search_index() -> list[pgtrigger.Trigger]:
    """Return the triggers for ``Meta.triggers`` of the session model.

    A change of what people typed does not touch what is kept of the transcript, nor the other way
    round.
    """
    typed = ("name", "description", "notes", "summary", "player_recap", "speaker_names")
    return [
        pgtrigger.Trigger(
            name="search_text_insert",
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            func=_PUT_TYPED + _PUT_SPOKEN + _RETURN,
        ),
        pgtrigger.Trigger(
            name="search_text_typed",
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=pgtrigger.AnyChange("id", "owner", *typed),
            func=_PUT_TYPED + _RETURN,
        ),
        pgtrigger.Trigger(
            name="search_text_spoken",
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=pgtrigger.AnyChange("id", "owner", "transcript_text"),
            func=_DROP_OLD_KEY + _PUT_SPOKEN + _RETURN,
        ),
        pgtrigger.Trigger(
            name="search_text_delete",
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            referencing=pgtrigger.Referencing(old="old_rows"),
            func=_DROP + _RETURN,
            level=pgtrigger.Statement,
        ),
        pgtrigger.Trigger(
            name="search_text_truncate",
            when=pgtrigger.After,
            operation=pgtrigger.Truncate,
            func=_CLEAR + _RETURN,
            level=pgtrigger.Statement,
        ),
    ]
