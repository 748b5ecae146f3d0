"""Reads what was typed into a search field: words, phrases, alternatives, and what to leave out."""

import re
from dataclasses import dataclass, field

MAX_QUERY = 200  # characters
QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))
TERM = re.compile(r'(?P<minus>-?)"(?P<phrase>[^"]*)(?P<end>"|$)|(?P<word>\S+)')


@dataclass(frozen=True)
class Term:
    """A word or a phrase, as it was typed.

    ``quoted``: exactly these words. ``unfinished``: the last word may go on.
    """

    text: str
    quoted: bool = False
    unfinished: bool = False


@dataclass
class Query:
    """Each group must be found, by any of its terms; nothing of ``excluded`` may."""

    groups: list[list[Term]] = field(default_factory=list)
    excluded: list[Term] = field(default_factory=list)


def clean_query(text: str) -> str:
    """Drop unprintable characters, which PostgreSQL may refuse, and extra spaces; cut the rest."""
    kept = (character for character in text if character.isprintable() or character.isspace())
    return " ".join("".join(kept).split())[:MAX_QUERY]


def parse(text: str) -> Query:
    """Read a cleaned text. Every text is a query: a quote that is not closed ends with the text."""
    query = Query()
    joins_last = False
    for match in TERM.finditer(text.translate(QUOTES)):
        is_last = match.end() == len(text)
        word = match["word"] or ""
        if word.lower() == "or" and query.groups:
            joins_last = True
            continue
        if match["minus"] or (word.startswith("-") and len(word) > 1):
            excluded = word[1:] if word else match["phrase"]
            query.excluded.append(Term(excluded, quoted=not word))
            continue
        open_end = is_last and not match["end"]
        term = Term(word or match["phrase"], quoted=not word, unfinished=open_end)
        if joins_last:
            query.groups[-1].append(term)
        else:
            query.groups.append([term])
        joins_last = False
    return query
