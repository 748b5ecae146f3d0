"""``manage.py mirror_document``: draft an app's ``documents.py``."""

import inspect
import re
from argparse import ArgumentParser
from itertools import groupby
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models
from django.template.defaultfilters import pluralize

from mirror.checks.attributes import wrong_names
from mirror.checks.drafted_attributes import through_model
from mirror.checks.missing_attributes import missing_attributes, without_draft
from mirror.documents import Document, registry
from mirror.documents.document import field_attributes
from mirror.management.drafts import draft
from mirror.management.joining import extend, join


class Command(BaseCommand):
    help = (
        "Print a documents.py for these models, to be changed as you like: an attribute for each "
        "field, keys, and a comment where you must decide."
    )
    requires_system_checks = []  # they would say that there is no document yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", nargs="+", help="such as songs.Song")
        parser.add_argument(
            "--write",
            action="store_true",
            help="write it into the app's documents.py, or add it to the one there is; to a "
            "document that exists, add the attributes of the fields that have none",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = sorted({*map(_model, options["model"])}, key=_app_label)
        for label, group in groupby(chosen, key=_app_label):
            models_of_app = sorted(group, key=lambda model: model.__name__)
            if not options["write"]:
                self.stdout.write(draft(models_of_app))
                continue
            present = [d for d in registry.documents() if d.mirror_options.model in models_of_app]
            for document in present:
                _require_names_of_fields(document)
            for document in present:
                self.stdout.write(_complete(document))
            new = [m for m in models_of_app if m._meta.label_lower not in registry.labels()]
            if new:
                self.stdout.write(_write(apps.get_app_config(label), draft(new)))


def _app_label(model: type[models.Model]) -> str:
    return model._meta.app_label


def _model(label: str) -> type[models.Model]:
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        raise CommandError(f"There is no model {label}. {_advice(label)}") from None
    if model._meta.pk not in model._meta.concrete_fields:
        raise CommandError(f"The primary key of {label} is composite: it cannot be mirrored.")
    if model._meta.auto_created:
        raise CommandError(
            f"{label} is no model of yours, but the table of a many-to-many relation."
            f" {through_model(model)}"
        )
    if model._meta.proxy:
        own = model._meta.concrete_model._meta.label
        raise CommandError(
            f"{label} is a proxy of {own}, which mirrors its rows. Name {own} instead."
        )
    return model


def _advice(label: str) -> str:
    """Say what to type instead of a label of no model."""
    app, dot, name = label.partition(".")
    if not dot or "." in name:
        return "Write app.Model, such as songs.Song."
    if app not in apps.app_configs:
        return f'Add "{app}" to INSTALLED_APPS.'
    names = sorted(model.__name__ for model in apps.get_app_config(app).get_models())
    return f"The app {app} has {', '.join(names) or 'no models'}."


def _require_names_of_fields(document: type[Document]) -> None:
    """Refuse a document with a name of no field: the field meant would get a second attribute."""
    if wrong := wrong_names(document):
        title = f"{document.__name__} names what is no field. Correct it first:"
        raise CommandError("\n".join([title, *wrong]))


def _complete(document: type[Document]) -> str:
    """Add the attributes that a document lacks; say which."""
    path, name = Path(inspect.getfile(document)), document.__name__
    missing = missing_attributes(document)
    drafted = {f: line for f, line in missing.items() if line}
    said = [f"{f.attname}: {without_draft(f)}" for f, line in missing.items() if not line]
    if drafted:
        lines = drafted.values()
        try:
            present = path.read_bytes().decode()  # with the ends that its lines have
            text = extend(present, name, field_attributes(document), lines)
            path.write_bytes(text.encode())
        except (OSError, SyntaxError, ValueError):
            advice = "\n".join([f"{path} cannot be changed. Write in {name}:", *lines])
            raise CommandError(advice) from None
        added = ", ".join(f.attname for f in drafted)
        said.append(f"Added to {name} in {path}: {added}.")
        if long := [f.attname for f in drafted if isinstance(f, models.TextField)]:
            said.append(f"Name in long_texts what may be long of {', '.join(long)}.")
        said.append("Restart the web servers and the workers, then run mirror_sync --all.")
    return "\n".join(said) or f"{name} in {path} lacks no attribute."


def _write(app: AppConfig, text: str) -> str:
    """Write the module, or add to it; say which."""
    path = Path(app.path) / "documents.py"
    try:
        present = path.read_text()
    except FileNotFoundError:
        path.write_text(text)
        return f"{path} is written."
    try:
        path.write_text(join(present, text))
    except SyntaxError:
        raise CommandError(f"{path} is no Python that can be read. Correct it first.") from None
    except ValueError as error:
        raise CommandError(
            f"In {path}, {error} exists. Without --write, the draft is printed."
        ) from None
    names = re.findall(r"^class (\w+)Document\(", text, re.MULTILINE)
    return f"{', '.join(names)} {pluralize(len(names), 'is,are')} added to {path}."
