"""What the log formatter prints, and what it leaves out."""

from __future__ import annotations

import json
import logging
import logging.config
import re
import runpy
import uuid
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from config.logs import JsonFormatter, PrivateFormatter, request_id
from tests.support.manage import manage
from tests.support.paths import PROJECT

SECRET = uuid.uuid4().hex  # no literal, because Sentry sends lines of the source code


def test_a_traceback_shows_places_and_causes_but_no_messages(reported: Callable[[], str]) -> None:
    def cause() -> None:
        raise KeyError(SECRET)

    def fail() -> None:
        try:
            cause()
        except KeyError as error:
            raise ValueError(SECRET) from error

    try:
        fail()
    except ValueError:
        logging.getLogger("mirror").exception("It failed")
    text = reported()
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    assert "test_logs.py" in text
    assert SECRET not in text


def test_the_token_of_a_share_link_and_a_query_string_are_left_out() -> None:
    record = logging.LogRecord(
        "x",
        20,
        "",
        0,
        '"GET /share/abc123/ /share/campaign/abc123/ID/" /search/?q=%s',
        (SECRET,),
        None,
    )
    line = PrivateFormatter().format(record)
    assert "abc123" not in line
    assert SECRET not in line
    assert line == '"GET /share/…/ /share/campaign/…/ID/" /search/?…'


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/share/campaign/hidden/", "/share/campaign/…/"),
        ("/share/hidden", "/share/…"),
        ("/accounts/email/hidden/", "/accounts/email/…/"),
        ("/accounts/password/reset/MQ/hidden-token/", "/accounts/password/reset/MQ/…/"),
        ("/accounts/password/reset/ HTTP/1.1", "/accounts/password/reset/ HTTP/1.1"),
        ("/sessions/1/share/ HTTP/1.1", "/sessions/1/share/ HTTP/1.1"),
    ],
)
def test_no_token_is_logged(path: str, logged: str) -> None:
    record = logging.LogRecord("x", 20, "", 0, f"GET {path}", (), None)
    assert PrivateFormatter().format(record) == f"GET {logged}"


@pytest.mark.parametrize(
    "path",
    [
        "/share/{}/",
        "/share/campaign/{}/",
        "/accounts/password/reset/MQ/{}/",
        "/accounts/email/{}/",
        "/accounts/password/reset/MQ/{}/nowhere/",
    ],
)
@pytest.mark.parametrize("place", ["view", "middleware"])
def test_a_page_that_fails_does_not_report_the_token_in_its_url(
    client: Client,
    db: None,
    reported: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    place: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    if place == "view":
        for name in (
            "sessions_app.views.players.get_object_or_404",
            "django.contrib.auth.views.PasswordResetConfirmView.get_user",
            "config.accounts.email_links.read_token",
        ):
            monkeypatch.setattr(name, fail)
    else:  # before Django knows which view it is
        monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", fail)
    client.raise_request_exception = False
    response = client.get(path.format(SECRET))
    assert response.status_code == (404 if "nowhere" in path and place == "view" else 500)
    logging.getLogger("mirror").error("What it was: %s", path.format(SECRET))
    text = reported()
    assert response.status_code == 404 or "RuntimeError" in text
    assert SECRET not in text


def test_json_has_a_line_for_each_record_and_keeps_the_same_things_out() -> None:
    def fail() -> None:
        raise ValueError(SECRET)

    with pytest.raises(ValueError, match=SECRET) as error:
        fail()
    told = (error.type, error.value, error.tb)
    record = logging.LogRecord(
        "mirror", 40, "", 0, 'GET "/search/?q=%s"\n/share/%s/', (SECRET, SECRET), told
    )
    token = request_id.set("an-id")
    try:
        text = JsonFormatter().format(record)
    finally:
        request_id.reset(token)
    assert SECRET not in text
    assert "\n" not in text
    line = json.loads(text)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert "test_logs.py" in line["exception"]
    assert line.pop("exception").endswith("builtins.ValueError")
    assert line == {
        "level": "ERROR",
        "logger": "mirror",
        "message": 'GET "/search/?…"\n/share/…/',
        "request_id": "an-id",
    }


@pytest.mark.parametrize(("word", "formatter"), [("", PrivateFormatter), ("json", JsonFormatter)])
def test_gunicorn_and_the_site_log_in_the_same_form(
    monkeypatch: pytest.MonkeyPatch, word: str, formatter: type[logging.Formatter]
) -> None:
    monkeypatch.setenv("LOG_FORMAT", word)
    monkeypatch.setenv("PGOPTIONS", "")  # the file sets it if it is missing
    gunicorn = runpy.run_path(str(PROJECT / "deploy" / "gunicorn.conf.py"))["logconfig_dict"]
    name = gunicorn["handlers"]["console"]["formatter"]
    assert gunicorn["formatters"] == settings.LOGGING["formatters"]
    made = logging.config.DictConfigurator(gunicorn).configure_formatter(
        gunicorn["formatters"][name]
    )
    assert type(made) is formatter
    done = manage(
        "shell",
        "--no-imports",
        "-c",
        "import logging; logging.getLogger('x').warning('it is so')",
        DATABASE_URL="postgres://nobody@localhost/nothing",
        LOG_FORMAT=word,
    )
    (line,) = done.stderr.splitlines()
    if word == "json":
        assert json.loads(line)["message"] == "it is so"
    else:
        assert line.endswith("WARNING x it is so")
