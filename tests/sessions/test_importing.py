import pytest

from sessions_app import importing


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("logs/03_the-dry-vault.txt", "03 the dry vault"),
        ("  Session   4 .txt", "Session 4"),
        ("Zoë’s ★ night.final.txt", "Zoë’s ★ night.final"),
        ("no ending", "no ending"),
        ("___.txt", "___"),
        (".txt", ".txt"),
        ("line\nbreak.txt", "line\ufffdbreak"),
        ("caf\udce9.txt", "caf\ufffd"),
    ],
)
def test_a_session_is_named_after_its_file(path: str, name: str) -> None:
    assert importing.session_name(path) == name
