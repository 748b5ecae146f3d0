"""The site around the apps: settings, logs, Sentry, shared parts of pages, accounts, `make run`.

``campaigns`` and ``sessions_app`` import ``config.web``. ``config`` itself knows neither the domain
nor the mirror: only ``settings`` and ``urls`` name them.
"""
