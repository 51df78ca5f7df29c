"""A Celery application whose broker is a folder: task k runs step k and returns its process."""

import os
import sys

from celery import Celery
from work import step

FOLDER = os.environ["BROKER"]

app = Celery("tasks", broker="filesystem://", backend="file://" + FOLDER)
app.conf.broker_transport_options = {
    "data_folder_in": FOLDER,
    "data_folder_out": FOLDER,
    "control_folder": FOLDER,
}


@app.task
def run(n):
    step(n)
    return os.getpid()


if __name__ == "__main__":
    results = [run.delay(n) for n in range(1, int(sys.argv[1]) + 1)]
    print(len({result.get(timeout=60, interval=0.05) for result in results}))
