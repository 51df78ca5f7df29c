# The market where only the image's own PYTHONPATH finds it, and a sitecustomize with it.
ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE}
COPY oracle /oracle
COPY market/main.py /srv/main.py
COPY market/sitecustomize.py /srv/lib/sitecustomize.py
COPY market/market /srv/lib/market
ENV PYTHONPATH=/srv/lib
WORKDIR /srv
USER 10001:10001
ENTRYPOINT ["python3", "/srv/main.py"]
