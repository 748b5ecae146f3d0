"""One row as all three stores have it, attribute by attribute.

Bounded in time: if a store does not answer, its column is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from django.db import models

from mirror.documents.bodies import Body
from mirror.documents.document import Document, field_attributes
from mirror.documents.ids import encode_id
from mirror.documents.items import REVISION, Item, ItemKey, is_tombstone
from mirror.documents.render import Rendered, render
from mirror.documents.rows import fields, folders
from mirror.documents.unreadable import read_rows, unreadable
from mirror.errors import StoreError, Unmirrorable
from mirror.models import LedgerEntry
from mirror.restore.reader import NOT_A_VALUE
from mirror.staff.display import dynamodb_text, excerpt, first_difference, json_text
from mirror.stores.clients import Clients
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.s3 import S3
from mirror.sync.budget import Budget, BudgetSpent
from mirror.verify.compare import Expected, differing_attributes, valid_references

P = ParamSpec("P")
R = TypeVar("R")

EQUAL, DIFFERS, UNKNOWN = "equal", "differs", "unknown"


@dataclass(frozen=True)
class Line:
    """One attribute as each store has it, as text; None if a store does not have it."""

    name: str
    postgresql: str | None = field(repr=False)
    dynamodb: str | None = field(repr=False)
    s3: str | None = field(repr=False)
    state: str


@dataclass
class Comparison:
    """One row in all three stores."""

    document: type[Document]
    object_id: str
    row: models.Model | None = None
    entry: LedgerEntry | None = None
    key: ItemKey | None = None
    lines: list[Line] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)  # their keys, of items and objects
    silent_stores: dict[str, str] = field(default_factory=dict)  # and why each does not answer
    unmirrorable: str = ""  # why DynamoDB cannot hold the row: a code, and the field at fault
    unreadable: str = ""  # why Python cannot read the row: the error, and the field at fault

    @property
    def differing(self) -> list[str]:
        """The names of the attributes that differ."""
        return [line.name for line in self.lines if line.state == DIFFERS]

    @property
    def state(self) -> str:
        """``equal``, ``differs`` or ``unknown``, for the row as a whole."""
        if self.differing or self.orphans or self.is_unknown:
            return DIFFERS
        return UNKNOWN if self.silent_stores else EQUAL

    @property
    def is_unknown(self) -> bool:
        """Whether nothing says what the stores should hold of the row, although it exists."""
        return bool(self.unmirrorable or self.unreadable)

    @property
    def is_gone(self) -> bool:
        """Whether PostgreSQL has no such row."""
        return self.row is None and not self.unreadable

    @property
    def stores(self) -> str:
        """How many stores hold something of the row or, if it is gone, may have done so."""
        has_objects = any(line.s3 is not None for line in self.lines)
        if has_objects or (self.row is None and folders(self.document)):
            return "all three stores"
        return "both stores"


class Comparer:
    """Compares one row in all three stores, within a budget."""

    def __init__(
        self, document: type[Document], object_id: str, clients: Clients, budget: Budget
    ) -> None:
        """``clients`` makes the clients: that happens within the budget, as it may hang or fail."""
        self.document, self.clients, self.budget = document, clients, budget
        self.label = document.mirror_options.label
        self.comparison = Comparison(document, object_id)

    def run(self) -> Comparison:
        """Compare, and return the result."""
        result = self.comparison
        result.entry = LedgerEntry.objects.filter(
            model=self.label, object_id=result.object_id
        ).first()
        self._read_row()
        rendered = self._render()
        keys = {ItemKey(*key) for key in result.entry.item_keys} if result.entry else set()
        if rendered:
            keys.add(rendered.key)
        items = self._ask(DYNAMODB, self._get_items, sorted(keys))
        live = {key: item for key, item in (items or {}).items() if not is_tombstone(item)}
        result.key = rendered.key if rendered else min(live, default=None)
        item = live.pop(result.key, {}) if result.key else {}
        result.orphans = [" ".join(key) for key in live]
        if rendered is None and not result.is_unknown and result.key:
            result.orphans.append(" ".join(result.key))
        lines = list(self._lines(rendered, item))
        result.lines = sorted(lines, key=lambda line: line.state == EQUAL)  # what differs first
        if not result.is_unknown:
            self._find_orphaned_objects(rendered, item)
        return result

    def _read_row(self) -> None:
        for row in read_rows(self.document, [self.comparison.object_id]).values():
            if isinstance(row, Exception):
                error = unreadable(self.document, self.comparison.object_id, row)
                self.comparison.unreadable = str(error)
            else:
                self.comparison.row = row

    def _render(self) -> Rendered | None:
        try:
            return render(self.document, self.comparison.row) if self.comparison.row else None
        except Unmirrorable as error:
            self.comparison.unmirrorable = str(error)
            return None

    def _lines(self, rendered: Rendered | None, item: Item) -> Iterator[Line]:
        """Yield a line for each attribute that any store has: the document's own, then others."""
        bodies = {body.attribute: body for body in rendered.bodies} if rendered else {}
        expected, differing = self._expect(rendered, item)
        unknown = DYNAMODB in self.comparison.silent_stores or self.comparison.is_unknown
        names = field_attributes(self.document)
        columns = fields(self.document.mirror_options.model)
        own = [names[f.attname] for f in columns if f.attname in names]
        for name in dict.fromkeys(["pk", "sk", *own, *bodies, *expected, *item]):
            if name in bodies:
                yield self._body_line(bodies[name], item)
            elif name in expected or name in item:
                state = DIFFERS if name in differing else EQUAL
                yield Line(
                    name,
                    dynamodb_text(expected.get(name)),
                    dynamodb_text(item.get(name)),
                    None,
                    UNKNOWN if unknown else state,
                )

    def _expect(self, rendered: Rendered | None, item: Item) -> tuple[Item, set[str]]:
        """Return the item as it should be, and the names of the attributes that differ from it."""
        if rendered is None:
            return {}, set(item)
        entry = self.comparison.entry
        expected = Expected.of(self.label, self.comparison.object_id, rendered)
        references = valid_references(expected, item)
        differing = set(differing_attributes(expected, item, references, entry))
        revision = {REVISION: {"N": str(entry.mirrored_revision)}} if entry else {}
        return {**rendered.attributes, **revision}, differing

    def _body_line(self, body: Body, item: Item) -> Line:
        """Return the line of a body: what PostgreSQL holds, its S3 key, and what S3 holds."""
        key = item.get(body.attribute, {}).get("S", "")
        is_own_key = key.split("/")[1:2] == [encode_id(self.comparison.object_id)]
        content = self._ask(S3, self._get_object, key) if is_own_key else None
        silent = self.comparison.silent_stores
        if DYNAMODB in silent or (is_own_key and S3 in silent):
            state = UNKNOWN
        elif body.fingerprint.is_kept_at(key) and content == body.content:
            state = EQUAL
        else:
            state = DIFFERS
        expected = self._text(body.attribute, body.content)
        stored = None if content is None else self._text(body.attribute, content)
        at = first_difference(expected, stored or "")
        return Line(
            body.attribute,
            excerpt(expected, at),
            key or None,
            None if stored is None else excerpt(stored, at),
            state,
        )

    def _text(self, attribute: str, content: bytes) -> str:
        """Return a content as a readable text: field by field, if the document can unpack it."""
        try:
            values = self.document.unpack(attribute, content)
        except NOT_A_VALUE:
            values = {}
        if values:
            return "\n\n".join(f"{name}:\n{json_text(value)}" for name, value in values.items())
        return content.decode(errors="replace")

    def _find_orphaned_objects(self, rendered: Rendered | None, item: Item) -> None:
        """Note the objects that the item does not refer to, and the worker will not remove."""
        fingerprints = [body.fingerprint for body in rendered.bodies] if rendered else []
        referenced = {item.get(body.attribute, {}).get("S") for body in fingerprints}
        entry = self.comparison.entry
        accounted_for = referenced | (entry.scheduled_removals if entry else set())
        for folder in folders(self.document):
            keys = (
                self._ask(S3, self._list, f"{folder}/{encode_id(self.comparison.object_id)}/") or ()
            )
            if DYNAMODB not in self.comparison.silent_stores:
                self.comparison.orphans += [key for key in keys if key not in accounted_for]

    def _get_items(self, keys: Sequence[ItemKey]) -> dict[ItemKey, Item]:
        return self.clients().items.get_many(keys, consistent=True)

    def _get_object(self, key: str) -> bytes | None:
        return self.clients().objects.get(key)

    def _list(self, prefix: str) -> list[str]:
        return [listed.key for listed in self.clients().objects.list(prefix)]

    def _ask(self, store: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Return a store's answer. If there is none, note why, and return None from then on."""
        silent = self.comparison.silent_stores
        if store in silent:
            return None
        try:
            return self.budget.run(store, call, *args, **kwargs)
        except StoreError as error:
            silent[store] = error.failure.reason
        except BudgetSpent:
            silent[store] = "no time left to ask"
        return None
