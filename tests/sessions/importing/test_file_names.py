from datetime import UTC, date, datetime, timedelta

import pytest

from sessions_app.importing import file_names


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
    assert file_names.session_name(path) == name


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2024-03-17 The vault.txt", date(2024, 3, 17)),
        ("2024_03_17.json", date(2024, 3, 17)),
        ("session-20240317-final.vtt", date(2024, 3, 17)),
        ("GMT20240317-193000_Recording.vtt", date(2024, 3, 17)),
        ("job_202403172030", date(2024, 3, 17)),
        ("17.03.2024 The vault.txt", date(2024, 3, 17)),
        ("7.3.2024.txt", date(2024, 3, 7)),
        ("2024.03.17", date(2024, 3, 17)),
        ("9999-12-31 then 2024-03-17", date(2024, 3, 17)),
        ("2024-03_17", None),
        ("17-03-2024", None),
        ("20249999", None),
        ("2024-02-30", None),
        ("120240317", None),
        ("1066-10-14 Hastings", None),
        ("Session 3", None),
        ("", None),
    ],
)
def test_the_day_of_play_is_read_from_a_name(name: str, day: date | None) -> None:
    assert file_names.day_in(name) == day


def test_a_day_in_the_future_is_not_a_day_of_play() -> None:
    today = datetime.now(UTC).date()
    assert file_names.day_in(f"{today}") == today
    assert file_names.day_in(f"{today + timedelta(days=2)}") is None
