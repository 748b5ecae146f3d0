# One image for the web server, the worker and every command; docs/deploy.md says how to run it.
# It needs no network but PostgreSQL, AWS, the mail server and Sentry, and no disk but /tmp.

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/tabletop
RUN python -m venv .venv
COPY requirements.txt .
RUN .venv/bin/pip install --require-hashes -r requirements.txt
COPY . .
# The settings are checked, but nothing is asked: these values are for this command only.
RUN DATABASE_URL=postgres://build@build/build MIRROR_ENABLED=0 \
    SECRET_KEY=for-the-build-only .venv/bin/python manage.py collectstatic --no-input \
    && .venv/bin/python -m compileall -q campaigns config mirror sessions_app

FROM python:3.11-slim-bookworm
ENV PATH=/srv/tabletop/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/tabletop
# Its files belong to root: the site cannot change its own code.
COPY --from=build /srv/tabletop .
USER 10001:10001
VOLUME /tmp
EXPOSE 8000
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "0.0.0.0:8000", "config.wsgi"]
