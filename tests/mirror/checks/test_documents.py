"""Models whose changes would be missed, and pairs of models that would share keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from django.db import models
from pytest_django.fixtures import Settings

from mirror.capture import capture_changes
from mirror.checks import documents
from mirror.checks.documents import check_capture, check_pairs, check_registered
from mirror.documents import NativeAttribute
from tests.support.adopters import adopt, model

Capture = Callable[..., None]


def found() -> list[tuple[str, str, str]]:
    """Return the number, the message and the hint of each problem."""
    return [(str(p.id), p.msg, str(p.hint)) for p in [*check_capture(None), *check_pairs(None)]]


@pytest.fixture
def capture() -> Iterator[Capture]:
    """A function that declares a model's triggers, as its Meta would."""
    with ExitStack() as stack:

        def declare(model: Any, children: Sequence[str] = (), **options: Any) -> None:
            for trigger in capture_changes(children=children, **options):
                trigger.register(model)
                stack.callback(trigger.unregister, model)

        yield declare


def test_a_model_without_triggers_is_named(capture: Capture) -> None:
    song = model("Song")
    adopt(song)
    ((number, text, hint),) = found()
    assert (number, "lab.song" in text) == ("mirror.E003", True)
    assert "triggers = capture_changes()" in hint
    capture(song)
    assert found() == []


def test_a_project_without_any_document_is_told(
    capture: Capture, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_registered(None) == []  # W026 names what is captured
    monkeypatch.setattr(documents, "captured", dict)
    (problem,) = check_registered(None)
    assert problem.id == "mirror.W028"
    assert "Add your app to INSTALLED_APPS" in str(problem.hint)
    assert "manage.py mirror_document" in str(problem.hint)
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    assert check_registered(None) == []
    settings.MIRROR = {**settings.MIRROR, "ENABLED": True}
    adopt(model("Song"))
    assert check_registered(None) == []


def test_a_parent_whose_changes_do_not_mark_its_child_is_named(capture: Capture) -> None:
    song = model("Song")
    live = model("Live", song)
    encore = model("Encore", live)
    adopt(encore)
    capture(encore)
    capture(song, ["lab.Encore"])
    capture(live, ["lab.other", "lab.encores"])
    ((number, text, hint),) = found()
    assert (number, "inherits the table of lab.Live" in text) == ("mirror.E012", True)
    written = 'triggers = capture_changes(children=["lab.encore"]{}) in the Meta of lab.Live'
    assert written.format(", own=False") in hint
    adopt(live)
    assert [hint for _, _, hint in found() if written.format("") in hint]


def test_a_parent_that_marks_its_child_is_accepted(capture: Capture) -> None:
    song = model("Song")
    live = model("Live", song)
    adopt(live)
    capture(live)
    assert [number for number, *_ in found()] == ["mirror.E012"]
    capture(song, ["lab.live"])
    assert found() == []


def test_a_mirrored_parent_that_marks_only_its_child_is_named(capture: Capture) -> None:
    song = model("Song")
    live = model("Live", song)
    adopt(live)
    capture(live)
    capture(song, ["lab.live"], own=False)
    assert found() == []
    adopt(song)
    ((number, text, hint),) = found()
    assert (number, "lab.song is mirrored" in text) == ("mirror.E003", True)
    assert hint.startswith("Remove own=False")


def test_a_second_parent_has_a_primary_key_of_its_own(capture: Capture) -> None:
    song, tape = model("Song"), model("Tape", number=models.AutoField(primary_key=True))
    live = model("Live", song, tape)
    adopt(live)
    capture(live)
    capture(song, ["lab.live"])
    capture(tape, ["lab.live"])
    ((number, text, hint),) = found()
    assert (number, "inherits the table of lab.Tape" in text) == ("mirror.E012", True)
    assert "ForeignKey to lab.Tape" in hint


def test_a_proxy_is_no_other_table_of_its_child(capture: Capture) -> None:
    song = model("Song")
    live = model("Live", model("Hit", song, meta={"proxy": True}))
    adopt(live)
    capture(live)
    capture(song, ["lab.live"], own=False)
    assert found() == []


def test_a_document_of_a_proxy_is_refused(capture: Capture) -> None:
    song = model("Song")
    proxy = model("Hit", song, meta={"proxy": True})
    adopt(proxy)
    ((number, text, hint),) = found()
    assert (number, text) == ("mirror.E035", "lab.hit is a proxy: its rows are those of lab.Song.")
    assert hint == "Register lab.Song instead, with capture_changes() in its Meta, not the proxy's."
    capture(song)
    adopt(song)
    ((number, _, hint),) = found()
    assert number == "mirror.E035"
    assert hint == "Remove its document, and capture_changes() from its Meta: lab.Song has both."


UUID = {"id": models.UUIDField(primary_key=True, default=uuid4)}
TEXTS = {"texts": models.TextField()}


@pytest.mark.parametrize(
    ("options", "fields", "numbers"),
    [
        ({}, {}, []),  # neither keeps objects
        ({"long_texts": ["texts"]}, {}, ["mirror.E004"]),
        ({"body_folders": ["bodies"]}, {}, ["mirror.E004"]),
        ({"body_folders": ["texts"]}, {}, []),  # the other keeps no texts there
        ({"long_texts": ["texts"], "body_folders": ["bodies"]}, UUID, []),
    ],
    ids=["no objects", "texts", "bodies", "another folder", "primary keys that are never equal"],
)
def test_two_models_that_may_share_keys_are_named(
    capture: Capture, options: dict[str, Any], fields: dict[str, Any], numbers: list[str]
) -> None:
    one, other = (
        model(name, **{key: field.clone() for key, field in (TEXTS | fields).items()})
        for name in ("One", "Other")
    )
    adopt(one, options, texts=NativeAttribute())
    others = {} if options == {"body_folders": ["texts"]} else options
    adopt(other, others, texts=NativeAttribute())
    capture(one)
    capture(other)
    assert [number for number, *_ in found()] == numbers


def test_two_models_of_one_entity_are_named(capture: Capture) -> None:
    one, other = model("One"), model("Other")
    adopt(one)
    adopt(other, {"entity": "one"})
    capture(one)
    capture(other)
    ((number, text, hint),) = found()
    assert (number, "both entity 'one'" in text) == ("mirror.E005", True)
    assert hint
