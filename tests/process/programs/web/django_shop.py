"""A Django site in one file: GET /?k runs step k; the answer names the process and the version."""

import os
import sys

import version
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path
from work import step

settings.configure(
    ALLOWED_HOSTS=["*"], DEBUG=True, INSTALLED_APPS=[], MIDDLEWARE=[], ROOT_URLCONF=__name__
)


def index(request):
    step(int(request.META["QUERY_STRING"] or 0))
    return HttpResponse(f"{os.getpid()} {version.text()}")


urlpatterns = [path("", index)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
