# The market beside its entry script, on some Debian with Python.
ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE}
COPY oracle /oracle
COPY market /app
USER 10001:10001
ENTRYPOINT ["python3", "/app/main.py"]
