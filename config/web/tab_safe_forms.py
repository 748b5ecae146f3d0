"""Forms that may be open in two browser tabs at once: neither tab overwrites the other unnoticed.

A form carries a fingerprint of each value that it was loaded with. A field that comes back as it
was loaded is not saved, so one tab cannot undo what another tab saved in that field meanwhile. If
both tabs changed the same field, the second one is shown both versions and decides.
"""

import hashlib
import json
from enum import Enum
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.text import normalize_newlines

FINGERPRINT_LENGTH = 16


class Resolution(Enum):
    """What happens to one submitted field."""

    KEEP_TYPED = "save what this tab sent"
    TAKE_STORED = "show and keep what another tab saved"
    CLASH = "save nothing, and show both versions"


def resolve(*, loaded: str, stored: str, typed: str) -> Resolution:
    """Decide on one field by three fingerprints: as loaded by this tab, as stored now, as typed.

    ====== ====== ===== =========== ===========================================
    loaded stored typed resolution  because
    ====== ====== ===== =========== ===========================================
    a      a      any   KEEP_TYPED  no other tab changed the field
    a      b      b     KEEP_TYPED  both tabs changed it to the same value
    a      b      a     TAKE_STORED only another tab changed it
    a      b      c     CLASH       both tabs changed it, to different values
    ====== ====== ===== =========== ===========================================
    """
    if stored in {loaded, typed}:
        return Resolution.KEEP_TYPED
    if typed == loaded:
        return Resolution.TAKE_STORED
    return Resolution.CLASH


class TabSafeForm(forms.BaseForm):
    """Mix in before ``Form`` or ``ModelForm``. ``initial`` holds the values that are stored now.

    ``tab_safe`` names the fields that are compared. After ``is_valid``, ``changed`` names the
    fields to save, ``clashes`` maps a field to the value that another tab stored, and ``merged``
    names the fields that only another tab changed.
    """

    instance: Any = None
    loaded_name = "loaded"  # the hidden field with the fingerprints

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.tab_safe = [name for name in self.fields if name != self.loaded_name]
        self.clashes: dict[str, Any] = {}
        self.merged: list[str] = []
        self.fields[self.loaded_name] = forms.CharField(
            widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
            required=False,
            initial=json.dumps(self._stored_fingerprints()),
        )
        if data is not None:
            self.data = data.copy()
            for name in self.tab_safe:
                # A form that leaves a field out does not mean to clear it.
                widget = self.fields[name].widget
                if widget.value_omitted_from_data(self.data, {}, self.add_prefix(name)):
                    self._fill_in_stored(name)

    @property
    def changed(self) -> list[str]:
        """The fields whose values are to be saved."""
        return [
            name
            for name in self.tab_safe
            if _fingerprint(self.cleaned_data.get(name)) != self._stored_fingerprint(name)
        ]

    def clean(self) -> dict[str, Any]:
        """Resolve each field that this tab or another one changed since the form was loaded."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        loaded = _parse(cleaned.get(self.loaded_name, ""))
        compared = [name for name in self.tab_safe if name in cleaned and name in loaded]
        for name in compared:
            resolution = resolve(
                loaded=loaded[name],
                stored=self._stored_fingerprint(name),
                typed=_fingerprint(cleaned[name]),
            )
            if resolution is Resolution.TAKE_STORED:
                self.merged.append(name)
                cleaned[name] = self.fields[name].clean(self._stored_value(name))
                self._fill_in_stored(name)
            elif resolution is Resolution.CLASH:
                self.clashes[name] = getattr(self.instance, name, None) or self.initial.get(name)
                self.add_error(name, _clash_error())
        # If the form is shown again, it shows this tab what is stored in the fields that were
        # compared. A field with an error of its own was not: it keeps the fingerprint that it had.
        uncompared = set(self.tab_safe) - set(compared)
        kept = {name: value for name, value in loaded.items() if name in uncompared}
        self._set_data(self.loaded_name, json.dumps(self._stored_fingerprints() | kept))
        return cleaned

    def _stored_value(self, name: str) -> Any:
        return self.fields[name].prepare_value(self.initial.get(name))

    def _stored_fingerprint(self, name: str) -> str:
        return _fingerprint(self.initial.get(name))

    def _stored_fingerprints(self) -> dict[str, str]:
        return {name: self._stored_fingerprint(name) for name in self.tab_safe}

    def _fill_in_stored(self, name: str) -> None:
        """Put the stored value in the place of what was submitted."""
        value = self._stored_value(name)
        self._set_data(name, "" if value is None else str(value))

    def _set_data(self, name: str, value: str) -> None:
        self.data[self.add_prefix(name)] = value  # type: ignore[index] # a mutable copy


class SaveChanged:
    """Mix in before ``TabSafeForm`` on a model form: saves the changed fields and no others."""

    def save(self) -> Any:
        """Save, and return the model instance."""
        form: Any = self
        if form.changed:
            form.instance.save(update_fields=[*form.changed, "updated_at"])
        return form.instance


def tell_merged(request: HttpRequest, form: TabSafeForm, place: str = "") -> None:
    """Tell the user which fields another tab had changed; its values were kept.

    ``place`` is where the page says it: see ``messages_at``.
    """
    if form.merged:
        labels = ", ".join(str(form[name].label).lower() for name in form.merged)
        said = f"Another tab has changed this, too ({labels}). Both changes are kept."
        messages.warning(request, said, place)


def _clash_error() -> ValidationError:
    return ValidationError(
        "This has been changed in another tab. Your version is not saved yet: "
        "saving again replaces the other one.",
        code="clash",
    )


def _fingerprint(value: Any) -> str:
    value = getattr(value, "pk", value)
    text = "" if value is None else normalize_newlines(str(value))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:FINGERPRINT_LENGTH]


def _parse(text: str) -> dict[str, str]:
    """Read the fingerprints back. What is malformed, and so not from this form, is ignored."""
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(loaded, dict):
        return {}
    return {name: value for name, value in loaded.items() if isinstance(value, str)}
