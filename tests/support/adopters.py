"""Models and documents of other projects, which exist for one test."""

from __future__ import annotations

from typing import Any

from django.db import models

from mirror.documents import Document, TextAttribute, encode_id, register


def model(name: str, *parents: type[models.Model], meta: Any = None, **fields: Any) -> Any:
    """Return a model of the app ``lab``. Use it within ``isolate_apps``."""
    options = type("Meta", (), {"app_label": "lab", **(meta or {})})
    members = {"__module__": __name__, "Meta": options, **fields}
    return type(name, parents or (models.Model,), members)


def adopt(adopted: type[models.Model], options: Any = None, /, **members: Any) -> Any:
    """Register a document for a model with these members, and an ``id`` if they have none.

    ``options`` are those of ``register``.
    """

    def keys(instance: Any) -> dict[str, str]:
        key = f"row#{encode_id(str(instance.pk))}"
        return {"pk": key, "sk": key}

    members = {"id": TextAttribute(), "keys": staticmethod(keys), **members}
    document = type(f"{adopted.__name__}Document", (Document,), members)
    return register(adopted, **{"entity": adopted._meta.model_name, **(options or {})})(document)
