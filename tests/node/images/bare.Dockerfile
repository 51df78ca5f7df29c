# Like distroless: an interpreter, its library and the market. No shell and no other program.
ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE} AS whole
COPY make_bare.py /
RUN python3 /make_bare.py /bare

FROM scratch
COPY --from=whole /bare /
COPY oracle /oracle
COPY market /app
USER 10001:10001
ENTRYPOINT ["python3", "/app/main.py"]
