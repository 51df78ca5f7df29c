"""The application object that gunicorn serves: `gunicorn shop.wsgi:app`."""

import os

from shop.api import create_app
from shop.settings import Settings

app = create_app(Settings.from_env(os.environ))
