"""A real Kubernetes for tests, on whatever this machine has.

`provider` chooses where pods run, `control_plane` is an API server alone. What cannot run here
raises `errors.UnavailableError` with the reason. People use it by `python -m support.cluster`.
"""
