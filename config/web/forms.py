"""Forms that two tabs may have open at once: nobody's words are lost, and nobody's overwritten.

A form carries a fingerprint of each value that it was loaded with. What comes back unchanged is
not saved, so that one tab cannot undo what another one saved meanwhile in another field. Where
both changed the same field, the second is told, sees both versions, and decides.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict

from config.web.validators import validate_text

FINGERPRINT_LENGTH = 16


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form sent, even where that is nothing at all; ``None`` for a first look."""
    return request.POST if request.method == "POST" else None


class LongText(forms.CharField):
    """A text of many lines, kept as it was typed; line ends as everywhere but in HTML forms."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"strip": False, "required": False, **options})

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        return text and text.replace("\r\n", "\n").replace("\r", "\n")

    def validate(self, value: Any) -> None:
        super().validate(value)
        validate_text(value)


class TabSafeForm(forms.BaseForm):
    """Mix in before ``Form`` or ``ModelForm``. ``initial`` holds the values as they are stored.

    After ``is_valid``: ``changed`` names the fields to save, ``clashes`` maps a field to the
    value that another tab stored, ``merged`` names fields that another tab changed alone.
    """

    instance: Any = None
    loaded_name = "loaded"

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.tab_safe = list(self.fields)
        self.clashes: dict[str, Any] = {}
        self.merged: list[str] = []
        self.fields[self.loaded_name] = forms.CharField(
            widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
            required=False,
            initial=self._fingerprints(),
        )
        if data is not None:
            self.data = data.copy()
            for name in self.tab_safe:
                # A form that leaves a field out does not mean to clear it.
                widget = self.fields[name].widget
                if widget.value_omitted_from_data(self.data, {}, self.add_prefix(name)):
                    self._put_back(name)

    @property
    def changed(self) -> list[str]:
        """The fields whose values are to be saved."""
        return [
            name
            for name in self.tab_safe
            if _fingerprint(self.cleaned_data.get(name)) != self._stored(name)
        ]

    def clean(self) -> dict[str, Any]:
        """Sort out who changed what since this tab loaded the form."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        loaded = _parse(cleaned.get(self.loaded_name, ""))
        for name in self.tab_safe:
            if name not in cleaned or name not in loaded:
                continue
            typed, stored = _fingerprint(cleaned[name]), self._stored(name)
            if loaded[name] in {stored, typed}:
                if loaded[name] != stored:
                    self.merged.append(name)
                    cleaned[name] = self.fields[name].clean(self._raw(name))
                    self._put_back(name)
            elif typed != stored:
                self.clashes[name] = getattr(self.instance, name, None) or self.initial.get(name)
                self.add_error(
                    name,
                    ValidationError(
                        "This was changed in another tab meanwhile. Yours is not saved yet: "
                        "saving again replaces the other version.",
                        code="clash",
                    ),
                )
        # A field with an error was not compared: what its tab knows of it stays as it was.
        unseen = {name: value for name, value in loaded.items() if name not in cleaned}
        unseen = {name: value for name, value in unseen.items() if name not in self.clashes}
        self.data[self.add_prefix(self.loaded_name)] = self._fingerprints(unseen)  # type: ignore[index]
        return cleaned

    def _fingerprints(self, unseen: Mapping[str, Any] | None = None) -> str:
        stored = {name: self._stored(name) for name in self.tab_safe}
        return json.dumps(stored | dict(unseen or {}))

    def _stored(self, name: str) -> str:
        return _fingerprint(self.initial.get(name))

    def _raw(self, name: str) -> Any:
        return self.fields[name].prepare_value(self.initial.get(name))

    def _put_back(self, name: str) -> None:
        value = self._raw(name)
        self.data[self.add_prefix(name)] = "" if value is None else str(value)  # type: ignore[index]


class SaveChanged:
    """Mix in before ``TabSafeForm`` on a model form: saves what was changed and nothing else."""

    def save(self) -> Any:
        """Return the saved object."""
        form: Any = self
        if form.changed:
            form.instance.save(update_fields=[*form.changed, "updated_at"])
        return form.instance


def tell_merged(request: HttpRequest, form: TabSafeForm) -> None:
    """Say which fields another tab had changed: they are as that tab left them."""
    if form.merged:
        labels = ", ".join(str(form[name].label).lower() for name in form.merged)
        messages.warning(
            request, f"Another tab had changed this meanwhile ({labels}). Both changes are kept."
        )


def _fingerprint(value: Any) -> str:
    text = str(getattr(value, "pk", value) or "").replace("\r\n", "\n").replace("\r", "\n")
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:FINGERPRINT_LENGTH]


def _parse(text: str) -> Mapping[str, str]:
    """Read the fingerprints back; what is not of their form says nothing."""
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(loaded, dict):
        return {}
    return {name: value for name, value in loaded.items() if isinstance(value, str)}
