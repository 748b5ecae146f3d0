"""All settings, read once from the environment. The README has a table of the variables."""

from pathlib import Path
from typing import Any

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from config import environment, sentry
from config.local import embedded_postgres, run_environment

django_stubs_ext.monkeypatch()  # makes ModelAdmin[Campaign] work at run time, too

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = BASE_DIR / ".local"  # the data of `make run`; not in git

if not environment.text("DATABASE_URL"):
    run_environment.read(LOCAL_DIR)

DEBUG = environment.boolean("DEBUG", default=False)
SECRET_KEY = environment.secret_key(debug=DEBUG)
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "csp",
    "config.web",
    "config.accounts",
    "campaigns",
    "sessions_app",
    "mirror",  # last: it finds the documents and extends the admins of the apps above
]

MIDDLEWARE = [
    "config.web.request_ids.GiveRequestIds",  # first: every line and every answer has one
    "config.web.health.AnswerMonitoring",  # a load balancer asks by address, over plain HTTP
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.web.middleware.FinishResponse",
    "config.web.uploads.LimitUploads",  # before the next one, which reads the form
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.web.middleware.LoginRequired",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# What /readyz tells of an app: what this function returns.
READYZ_DETAILS = {"mirror": "mirror.monitoring.state"}
# What /metrics tells, and to whom.
METRICS = ["mirror.monitoring.metrics"]
METRICS_TOKEN = environment.token("METRICS_TOKEN")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.accounts.context.accounts",
            ],
        },
    },
]

# PostgreSQL -----------------------------------------------------------------------------------

if environment.text("DATABASE_URL"):
    _database = environment.database_url("DATABASE_URL")
else:
    _database = embedded_postgres.database(LOCAL_DIR / "postgres")
DATABASES = {
    "default": {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Django fills the choices of a form through such a cursor, and a pooler such as pgbouncer
        # breaks it in transaction mode. The mirror needs none.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        **_database,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The mirror -----------------------------------------------------------------------------------

MIRROR_ENABLED = environment.boolean("MIRROR_ENABLED", default=True)
MIRROR: dict[str, Any] = {
    "ENABLED": MIRROR_ENABLED,
    "DISPATCH": environment.choice("MIRROR_DISPATCH", ("inline", "worker"), default="inline"),
    "TABLE": "",
    "REGION": environment.required(
        "AWS_REGION",
        "the AWS region of the mirror",
        r"[a-z]{2,}(-[a-z]+)+-\d+",
        default="us-east-1",
    ),
}

STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

if MIRROR_ENABLED:
    MIRROR["TABLE"] = environment.required(
        "DYNAMODB_TABLE_NAME", "the DynamoDB table of the mirror", r"[A-Za-z0-9_.-]{3,255}"
    )
    STORAGES["mirror"] = {
        "BACKEND": "mirror.stores.s3.ObjectStorage",
        "OPTIONS": {
            "bucket_name": environment.required(
                "AWS_S3_BUCKET_NAME",
                "the S3 bucket of the mirror",
                r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
            ),
            "region_name": MIRROR["REGION"],
            "bucket_owner": environment.optional(
                "AWS_S3_BUCKET_OWNER",
                "the number of the AWS account that owns the bucket",
                r"\d{12}",
            ),
            # A stand-in for S3 has one address, not a host name for each bucket.
            "addressing_style": "path"
            if environment.text("AWS_ENDPOINT_URL_S3") or environment.text("AWS_ENDPOINT_URL")
            else "auto",
        },
    }

# Accounts -------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"config.accounts.passwords.{rule}"} for rule in ("Length", "Digits", "Common", "Name")
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
SIGNUP_OPEN = environment.choice("SIGNUP", ("open", "closed"), default="open") == "open"
TRUSTED_PROXIES = environment.networks("TRUSTED_PROXIES")

# Mail is only sent to reset passwords, and to confirm addresses.
_mail = environment.email_url("EMAIL_URL")
EMAIL_BACKEND = _mail.backend
EMAIL_HOST = _mail.host
EMAIL_PORT = _mail.port
EMAIL_HOST_USER = _mail.user
EMAIL_HOST_PASSWORD = _mail.password
EMAIL_USE_TLS = _mail.use_tls
EMAIL_USE_SSL = _mail.use_ssl
EMAIL_TIMEOUT = 10  # seconds: a mail server that hangs must not block a request for ever
if environment.text("EMAIL_URL") or environment.text("DEFAULT_FROM_EMAIL"):
    DEFAULT_FROM_EMAIL = environment.required(
        "DEFAULT_FROM_EMAIL",
        "the sender of the site's mail",
        r"[^<>@]+@[^<>@\s]+|.+<[^<>@\s]+@[^<>@\s]+>",
    )

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# Django has one limit for all forms, so it is that of the largest: `config.web.uploads` allows
# only staff that much. Files are not counted.
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# Security -------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = not DEBUG
_hsts = environment.choice("HSTS", ("host", "subdomains", "preload"), default="host")
SECURE_HSTS_SECONDS = 0 if DEBUG else environment.seconds("HSTS_SECONDS", default=30 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = _hsts in {"subdomains", "preload"}
SECURE_HSTS_PRELOAD = _hsts == "preload"
if SECURE_HSTS_PRELOAD and not DEBUG and SECURE_HSTS_SECONDS < 365 * 24 * 3600:
    raise ImproperlyConfigured("HSTS=preload needs HSTS_SECONDS of a year or more: 31536000.")
# W005, W021: whoever runs one host cannot promise HTTPS for all of its domain. HSTS asks for it.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LOG_FORMAT = environment.choice("LOG_FORMAT", ("text", "json"), default="text")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"quiet": {"()": "config.log_filters.Quiet"}},
    "formatters": {
        "text": {
            "()": "config.logs.PrivateFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s%(request_id)s %(message)s",
        },
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["quiet"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "mirror": {"level": "INFO"},
        # Django's own handlers would print exception messages, and those quote data.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}

SENTRY_DSN = environment.text("SENTRY_DSN")
if SENTRY_DSN:
    try:
        sentry.start(SENTRY_DSN)
    except ValueError:
        raise ImproperlyConfigured("SENTRY_DSN is not a Sentry address.") from None
