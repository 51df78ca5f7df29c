"""A Flask application: GET /?k runs step k, and the answer names the process and the version."""

import os

import version
from flask import Flask, request
from work import step

app = Flask(__name__)


@app.route("/")
def index():
    step(int(request.query_string or 0))
    return f"{os.getpid()} {version.text()}"
