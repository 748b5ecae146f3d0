import json

import pytest

from sessions_app.exports.formats import export
from sessions_app.exports.markdown_file import as_markdown
from sessions_app.exports.text_file import as_text
from tests.sessions.exports.samples import sample_session
from tests.support.transcribe_files import EVENING, as_file

pytestmark = pytest.mark.django_db  # JSON has the highlights, which are rows of their own


@pytest.mark.parametrize(
    ("extension", "content_type"),
    [
        ("md", "text/markdown; charset=utf-8"),
        ("txt", "text/plain; charset=utf-8"),
        ("vtt", "text/vtt; charset=utf-8"),
        ("json", "application/json"),
    ],
)
def test_each_format_has_its_extension_and_content_type(extension: str, content_type: str) -> None:
    file = export(sample_session(as_file(EVENING), name="Zoë: a/b"), extension)
    assert file[:2] == (f"Zoë a b.{extension}", content_type)
    assert "Who goes there?" in file.content.decode()


def test_an_unknown_format_raises_key_error() -> None:
    with pytest.raises(KeyError):
        export(sample_session(), "exe")


def test_a_session_with_only_a_name_can_be_exported() -> None:
    session = sample_session()
    players = "For players: without the game master’s summary and notes."
    assert as_markdown(session, False) == f"# Fog\n\n2026-02-06\n\n*{players}*\n"
    assert as_text(session, False) == f"Fog\n===\n\n2026-02-06\n\n{players}\n"
    assert json.loads(export(session, "json").content)["campaign"] is None


@pytest.mark.parametrize("extension", ["md", "txt"])
def test_a_file_with_the_notes_says_so_in_its_name(extension: str) -> None:
    session = sample_session(notes="The keeper lies.")
    assert export(session, extension).name == f"Fog.{extension}"
    private = export(session, extension, private=True)
    assert private.name == f"Fog (private).{extension}"
    assert b"The keeper lies." in private.content
