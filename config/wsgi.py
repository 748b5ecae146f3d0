"""The entry point for gunicorn: ``gunicorn config.wsgi``."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# What is loaded now stays. Otherwise the garbage collector walks through all of it whenever a long
# transcript has made some thousand objects, for as long as the page itself takes.
gc.collect()
gc.freeze()
