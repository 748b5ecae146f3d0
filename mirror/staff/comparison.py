"""One object as all three stores have it, side by side, for a person to look at.

Bounded in time: a store that does not answer leaves its column unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from django.db import models

from mirror.documents.bodies import Body
from mirror.documents.document import Document, field_attributes
from mirror.documents.items import REVISION, Item, ItemKey, is_tombstone
from mirror.documents.render import Rendered, render
from mirror.documents.rows import fields, folders, rows
from mirror.errors import StoreError, Unmirrorable
from mirror.models import LedgerEntry
from mirror.restore.reader import NOT_A_VALUE
from mirror.staff.display import difference, excerpt, shown, words
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.s3 import S3
from mirror.sync.budget import Budget, BudgetSpent
from mirror.verify.compare import Expected, differing_attributes, valid_references

P = ParamSpec("P")
R = TypeVar("R")

EQUAL, DIFFERS, UNKNOWN = "equal", "differs", "unknown"


@dataclass(frozen=True)
class Line:
    """One attribute in all three stores; None where a store has nothing of it."""

    name: str
    postgresql: str | None = field(repr=False)
    dynamodb: str | None = field(repr=False)
    s3: str | None = field(repr=False)
    state: str


@dataclass
class Comparison:
    """One object in all three stores."""

    document: type[Document]
    object_id: str
    row: models.Model | None = None
    entry: LedgerEntry | None = None
    key: ItemKey | None = None
    lines: list[Line] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)  # keys of items and objects too many
    silent: dict[str, str] = field(default_factory=dict)  # store -> why it does not answer
    unmirrorable: str = ""

    @property
    def differing(self) -> list[str]:
        """The names of the attributes that differ."""
        return [line.name for line in self.lines if line.state == DIFFERS]

    @property
    def state(self) -> str:
        """``equal``, ``differs`` or ``unknown``, all in all."""
        if self.differing or self.left_over or self.unmirrorable:
            return DIFFERS
        return UNKNOWN if self.silent else EQUAL


class Comparer:
    """Asks the stores about one object, within a budget."""

    def __init__(
        self, document: type[Document], object_id: str, stores: Stores, budget: Budget
    ) -> None:
        self.document, self.stores, self.budget = document, stores, budget
        self.label = document.mirror_options.label
        self.found = Comparison(document, object_id)

    def run(self) -> Comparison:
        """Compare, and return what was found."""
        found = self.found
        found.entry = LedgerEntry.objects.filter(
            model=self.label, object_id=found.object_id
        ).first()
        found.row = rows(self.document, [found.object_id]).first()
        rendered = self._render()
        keys = {ItemKey(*key) for key in found.entry.item_keys} if found.entry else set()
        if rendered:
            keys.add(rendered.key)
        items = self._ask(DYNAMODB, self.stores.items.get_many, sorted(keys), consistent=True)
        live = {k: item for k, item in (items or {}).items() if not is_tombstone(item)}
        found.key = rendered.key if rendered else min(live, default=None)
        item = live.pop(found.key, {}) if found.key else {}
        found.left_over = [" ".join(key) for key in live]
        if rendered is None and not found.unmirrorable and found.key:
            found.left_over.append(" ".join(found.key))
        lines = list(self._lines(rendered, item))
        found.lines = sorted(lines, key=lambda line: line.state == EQUAL)  # what differs first
        self._look_for_objects(rendered, item)
        return found

    def _render(self) -> Rendered | None:
        try:
            return render(self.document, self.found.row) if self.found.row else None
        except Unmirrorable as error:
            self.found.unmirrorable = error.code
            return None

    def _lines(self, rendered: Rendered | None, item: Item) -> Iterator[Line]:
        """Yield a line for each attribute that any store has: the document's own, then others."""
        bodies = {body.attribute: body for body in rendered.bodies} if rendered else {}
        expected, wrong = self._expect(rendered, item)
        names = field_attributes(self.document)
        columns = fields(self.document.mirror_options.model)
        own = [names[f.attname] for f in columns if f.attname in names]
        for name in dict.fromkeys(["pk", "sk", *own, *bodies, *expected, *item]):
            if name in bodies:
                yield self._body_line(bodies[name], item)
            elif name in expected or name in item:
                state = DIFFERS if name in wrong else EQUAL
                unknown = DYNAMODB in self.found.silent or self.found.unmirrorable
                yield Line(
                    name,
                    shown(expected.get(name)),
                    shown(item.get(name)),
                    None,
                    UNKNOWN if unknown else state,
                )

    def _expect(self, rendered: Rendered | None, item: Item) -> tuple[Item, set[str]]:
        """Return the item as it should be, and the names of what is wrong with it."""
        if rendered is None:
            return {}, set(item)
        entry = self.found.entry
        expected = Expected.of(self.label, self.found.object_id, rendered)
        references = valid_references(expected, item)
        wrong = set(differing_attributes(expected, item, references, entry))
        revision = {REVISION: {"N": str(entry.mirrored_revision)}} if entry else {}
        return {**rendered.attributes, **revision}, wrong

    def _body_line(self, body: Body, item: Item) -> Line:
        """Return the line of a content in S3: what PostgreSQL holds, the key, what S3 holds."""
        key = item.get(body.attribute, {}).get("S", "")
        own = key.split("/")[1:2] == [self.found.object_id]
        content = self._ask(S3, self.stores.objects.get, key) if own else None
        right = body.fingerprint.is_kept_at(key) and content == body.content
        unknown = DYNAMODB in self.found.silent or (own and S3 in self.found.silent)
        ours, theirs = self._text(body.attribute, body.content), None
        if content is not None:
            theirs = self._text(body.attribute, content)
        at = difference(ours, theirs or "")
        return Line(
            body.attribute,
            excerpt(ours, at),
            key or None,
            excerpt(theirs, at) if theirs is not None else None,
            UNKNOWN if unknown else EQUAL if right else DIFFERS,
        )

    def _text(self, attribute: str, content: bytes) -> str:
        """Return a content as a person reads it: field by field, if the document can tell."""
        try:
            values = self.document.unpack(attribute, content)
        except NOT_A_VALUE:
            values = {}
        if values:
            return "\n\n".join(f"{name}:\n{words(value)}" for name, value in values.items())
        return content.decode(errors="replace")

    def _look_for_objects(self, rendered: Rendered | None, item: Item) -> None:
        """Note the objects in S3 that nothing refers to."""
        fingerprints = [body.fingerprint for body in rendered.bodies] if rendered else []
        named = {item.get(content.attribute, {}).get("S") for content in fingerprints}
        for folder in folders(self.document):
            listed = self._ask(S3, self._list, f"{folder}/{self.found.object_id}/")
            if DYNAMODB not in self.found.silent:
                self.found.left_over += [key for key in listed or () if key not in named]

    def _list(self, prefix: str) -> list[str]:
        return [listed.key for listed in self.stores.objects.list(prefix)]

    def _ask(self, store: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Return a store's answer; None, and the store noted as silent, where there is none."""
        if store in self.found.silent:
            return None
        try:
            return self.budget.run(store, call, *args, **kwargs)
        except StoreError as error:
            self.found.silent[store] = error.failure.code or error.failure.error_class
        except BudgetSpent:
            self.found.silent[store] = "no time left to ask"
        return None
