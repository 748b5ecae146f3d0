"""Finds out which words a query means: folded, in all their forms, and begun ones finished.

The forms of a word are the words in the sessions of the owner that have the same stem, in English
or in the language of one of the owner's campaigns.
"""

from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q

from sessions_app.search_query import Query, Term, parse

# The languages of ``Campaign.language``, and PostgreSQL's dictionaries of their stems.
DICTIONARIES = {
    "da": "danish_stem",
    "de": "german_stem",
    "en": "english_stem",
    "es": "spanish_stem",
    "fi": "finnish_stem",
    "fr": "french_stem",
    "it": "italian_stem",
    "nl": "dutch_stem",
    "no": "norwegian_stem",
    "pt": "portuguese_stem",
    "sv": "swedish_stem",
}
ALWAYS = "en"
KEY = 60  # letters of a word in a key: ``public.search_words`` cuts the rest off
WHOLE = "!"  # before each key of a whole session
# Letters that all forms of a word have, and that a begun word must have. In real evenings up to 290
# words begin with the same three letters, and up to 770 with the same two, and to
# find all those in 1,000 evenings takes more than a second.
SAME_BEGINNING = 3
MAX_FORMS = 200  # that are looked for; a tenth of a second

# Words without a stem (PostgreSQL's stop words) have no other forms.
SQL = """
    WITH dictionaries AS (
        SELECT ('pg_catalog.' || dictionary)::regdictionary AS dictionary
        FROM unnest(%(languages)s::text[], %(dictionaries)s::text[]) AS known(language, dictionary)
        WHERE language = %(always)s OR EXISTS (
            SELECT FROM campaigns_campaign AS campaign
            WHERE campaign.owner_id = %(owner)s AND campaign.language = known.language
        )
    ), terms AS (
        SELECT number, array_remove(string_to_array(public.search_fold(text), ' '), '') AS words,
            quoted, unfinished
        FROM unnest(%(texts)s::text[], %(quoted)s::boolean[], %(unfinished)s::boolean[])
            WITH ORDINALITY AS terms(text, quoted, unfinished, number)
    ), last_words AS (
        SELECT *, words[cardinality(words)] COLLATE "C" AS last,
            left(words[cardinality(words)], %(same)s) COLLATE "C" AS beginning
        FROM terms
    )
    SELECT words,
        ARRAY(
            SELECT DISTINCT word FROM sessions_app_searchword, dictionaries
            WHERE NOT quoted AND cardinality(words) = 1 AND length(beginning) = %(same)s
            AND owner_id = %(owner)s AND word >= beginning AND word < beginning || chr(1114111)
            AND ts_lexize(dictionary, word) = ts_lexize(dictionary, last)
            AND ts_lexize(dictionary, last) <> '{}'
            LIMIT %(limit)s
        ),
        ARRAY(
            SELECT DISTINCT word FROM sessions_app_searchword
            WHERE unfinished AND length(beginning) = %(same)s
            AND owner_id = %(owner)s AND word >= last AND word < last || chr(1114111)
            ORDER BY word LIMIT %(limit)s + 1
        )
    FROM last_words ORDER BY number
"""


@dataclass(frozen=True)
class Words:
    """Words that follow each other; of the last, the forms that will do.

    ``begun``: the last word as it was typed, if some of its forms only begin so.
    """

    before: tuple[str, ...]
    last: frozenset[str]
    begun: str = ""

    @property
    def is_key(self) -> bool:
        """Return whether the index has a key for each form: not for three words and more."""
        return len(self.before) <= 1

    @property
    def places(self) -> list[frozenset[str]]:
        """Return what may stand at each place."""
        return [*(frozenset([word]) for word in self.before), self.last]

    def keys(self, mark: str = "") -> str:
        """Return the ``tsquery`` for the keys that a passage with these words has.

        With ``WHOLE`` as mark, those of a whole session.
        """
        if not self.before:
            return _any_of({mark + word[:KEY] for word in self.last})
        pairs = (
            _any_of(
                {f"{mark}{word[:KEY]} {following[:KEY]}" for word in these for following in those}
            )
            for these, those in pairwise(self.places)
        )
        return f"({' & '.join(pairs)})"

    def match(self, words: list[str]) -> bool:
        """Return whether folded words are these, as many as there are ``places``."""
        *before, last = words
        is_last = last in self.last or (bool(self.begun) and last.startswith(self.begun))
        return is_last and tuple(before) == self.before

    def texts(self) -> list[str]:
        """Return texts, one of which is in each passage with these words and spaces around."""
        before = "".join(f" {word}" for word in self.before)
        whole = [word for word in self.last if not (self.begun and word.startswith(self.begun))]
        begun = [f"{before} {self.begun}"] if self.begun else []
        return begun + [f"{before} {word} " for word in sorted(whole)]


@dataclass
class Wanted:
    """The words of a query. A term without a letter or digit is left out.

    ``finished`` is the last group if its last word was not begun, but typed as it is meant.
    ``is_cut``: more words than ``MAX_FORMS`` begin like the last one, and only so many are wanted.
    """

    groups: list[list[Words]] = field(default_factory=list)
    excluded: list[Words] = field(default_factory=list)
    finished: list[Words] | None = None
    is_cut: bool = False

    def all_keys(self) -> str:
        """Return the ``tsquery`` for passages that have all groups."""
        return " & ".join(group_keys(group) for group in self.groups)


def group_keys(group: list[Words]) -> str:
    """Return the ``tsquery`` for passages that have one of these terms."""
    return f"({' | '.join(words.keys() for words in group)})"


def in_passage(group: list[Words]) -> Q:
    """Return the condition that one of these terms is in ``SearchTextQuerySet.spaced``."""
    return reduce(or_, (Q(spaced__contains=text) for words in group for text in words.texts()))


def wanted_words(owner: User, text: str) -> Wanted:
    """Return the words that a text means in the sessions of this owner."""
    query = parse(text)
    terms = [*query.excluded, *(term for group in query.groups for term in group)]
    return _wanted(query, dict(zip(terms, _resolve(owner, terms), strict=True)))


class Resolved(NamedTuple):
    """The words of a term, with those that continue a begun one, and without."""

    begun: Words
    finished: Words
    is_cut: bool


def _wanted(query: Query, resolved: dict[Term, Resolved | None]) -> Wanted:
    wanted = Wanted()
    for group in query.groups:
        found = [words for term in group if (words := resolved[term])]
        if found:
            wanted.groups.append([words.begun for words in found])
            is_begun = any(words.begun != words.finished for words in found)
            wanted.finished = [words.finished for words in found] if is_begun else None
            wanted.is_cut = any(words.is_cut for words in found)
    wanted.excluded = [words.finished for term in query.excluded if (words := resolved[term])]
    return wanted


def _resolve(owner: User, terms: list[Term]) -> list[Resolved | None]:
    if not terms:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            SQL,
            {
                "owner": owner.pk,
                "languages": list(DICTIONARIES),
                "dictionaries": list(DICTIONARIES.values()),
                "always": ALWAYS,
                "texts": [term.text for term in terms],
                "quoted": [term.quoted for term in terms],
                "unfinished": [term.unfinished for term in terms],
                "same": SAME_BEGINNING,
                "limit": MAX_FORMS,
            },
        )
        return [_words(*row) for row in cursor.fetchall()]


def _words(words: list[str], forms: list[str], continued: list[str]) -> Resolved | None:
    if not words:
        return None
    *before, last = words
    finished = frozenset([last, *forms])
    return Resolved(
        Words(
            tuple(before), finished | frozenset(continued[:MAX_FORMS]), last if continued else ""
        ),
        Words(tuple(before), finished),
        is_cut=len(continued) > MAX_FORMS,
    )


def _any_of(keys: set[str] | frozenset[str]) -> str:
    quoted = ("'" + key.replace("\\", "\\\\").replace("'", "''") + "'" for key in sorted(keys))
    return f"({' | '.join(quoted)})"
