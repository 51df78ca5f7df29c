"""Owns the Kubernetes API: the only file that imports the kubernetes library.

Hands out raw JSON (nothing is lost in a typed round trip) and tunnels, and wraps every error. Must
not decide which pods matter: discover does. Called by discover and forward.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import urllib3
from kubernetes.client import ApiClient, AppsV1Api, Configuration, CoreV1Api
from kubernetes.client.exceptions import ApiException
from kubernetes.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)
from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION as DEFAULT_FILE
from kubernetes.config.kube_config import KubeConfigMerger
from kubernetes.stream.ws_client import create_websocket, get_websocket_url
from yaml import YAMLError

from podcov.errors import (
    ClusterError,
    ForbiddenError,
    ForwardError,
    LoginError,
    PodcovError,
    SettingError,
    WorkloadError,
)
from podcov.login import overhearing, reason
from podcov.tunnel import Tunnel, as_os_errors

Json = Mapping[str, Any]

OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Kubernetes puts it into every pod that has a service account."""


@dataclass(frozen=True)
class Kube:
    """A cluster, and the namespace its context names. `open_kube` makes one; its connections are
    kept for the next question."""

    configuration: Configuration
    namespace: str
    timeout_s: float

    def list_pods(self, namespace: str, selector: str) -> tuple[Json, ...]:
        """The pods of a namespace that the label selector picks (all if empty), as raw JSON."""
        with self._asking("list pods", namespace):
            answer = CoreV1Api(self._client).list_namespaced_pod(
                namespace,
                label_selector=selector,
                _preload_content=False,
                _request_timeout=self.timeout_s,
            )
            return tuple(_body(answer)["items"])

    def read_workload(self, kind: str, namespace: str, name: str) -> Json:
        """A `deployment`, `statefulset` or `pod` as raw JSON; WorkloadError if there is none."""
        with self._asking(f"read {kind} {name}", namespace):
            read = {
                "deployment": AppsV1Api(self._client).read_namespaced_deployment,
                "statefulset": AppsV1Api(self._client).read_namespaced_stateful_set,
                "pod": CoreV1Api(self._client).read_namespaced_pod,
            }[kind]
            answer = read(name, namespace, _preload_content=False, _request_timeout=self.timeout_s)
            return _body(answer)

    def open_port(self, namespace: str, pod: str, port: int) -> Tunnel:
        """A connection to `port` of the pod, over the API server; its owner closes it."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}"
        try:
            with as_os_errors():
                websocket = create_websocket(  # type: ignore[no-untyped-call]  # theirs has no types
                    self.configuration,
                    get_websocket_url(self.configuration.host + path),  # type: ignore[no-untyped-call]
                    self._login(),
                )
        except (OSError, ValueError) as problem:
            raise _refused_forward(pod, port, str(problem)) from problem
        return Tunnel(websocket, lambda said: _refused_forward(pod, port, said))

    @cached_property
    def _client(self) -> ApiClient:
        return ApiClient(self.configuration)

    def _login(self) -> dict[str, str]:
        """The headers that say who asks."""
        known = cast(Mapping[str, Mapping[str, str]], self.configuration.auth_settings())
        return {item["key"]: item["value"] for item in known.values() if item["in"] == "header"}

    @contextmanager
    def _asking(self, what: str, namespace: str) -> Iterator[None]:
        try:
            yield
        except ApiException as problem:
            if not problem.status:  # nothing came back: the library's word for TLS that failed
                raise self._silent(str(problem.reason)) from problem
            raise _error_of_status(problem, what, namespace) from problem
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            raise self._silent(_innermost(problem)) from problem

    def _silent(self, reason: str) -> PodcovError:
        return ClusterError(
            f"The cluster at {self.configuration.host} does not answer: {_flat(reason)}.",
            "Check `kubectl cluster-info`, or name another context with --context.",
        )


def open_kube(kubeconfig: str | None, context: str | None, timeout_s: float) -> Kube:
    """The cluster of a kubeconfig's context, or the one this process runs in.

    Without arguments: $KUBECONFIG, ~/.kube/config, or a pod's service account. ClusterError if
    there is none.
    """
    configuration = Configuration()
    try:
        with overhearing() as said:
            load_kube_config(kubeconfig, context, configuration)  # type: ignore[no-untyped-call]
        if said:
            raise _no_login(said, kubeconfig, context)
        _watch_logins(configuration, kubeconfig, context)
        namespace = _namespace_of(kubeconfig, context)
    except (ConfigException, YAMLError, OSError, TypeError, ValueError) as problem:
        if kubeconfig or context or not _load_incluster(configuration):
            raise ClusterError(
                f"No cluster: {_flat(str(problem))} (looked in {kubeconfig or DEFAULT_FILE}).",
                "Set KUBECONFIG, give --kubeconfig FILE or --context NAME, "
                "or ask an agent directly with --url.",
            ) from problem
        namespace = _own_namespace()
    configuration.retries = False
    return Kube(configuration, namespace, timeout_s)


def _watch_logins(
    configuration: Configuration, kubeconfig: str | None, context: str | None
) -> None:
    """When a login has run out the library gets another, in the middle of a question."""
    renew = configuration.refresh_api_key_hook
    if renew is None:
        return

    def renew_or_fail(asking: Configuration) -> None:
        with overhearing() as said:
            renew(asking)
        asking.refresh_api_key_hook = renew_or_fail  # `renew` has put itself there
        if said:
            raise _no_login(said, kubeconfig, context)

    configuration.refresh_api_key_hook = renew_or_fail


def _no_login(said: list[str], kubeconfig: str | None, context: str | None) -> PodcovError:
    command = _login_command(kubeconfig, context)
    return LoginError(
        f"The kubeconfig's login program {command[0]} gave no login: {reason(said)}.",
        f"Run it by hand, or log in anew, until it prints one: {' '.join(command)}",
    )


def _login_command(kubeconfig: str | None, context: str | None) -> list[str]:
    config = KubeConfigMerger(kubeconfig or DEFAULT_FILE).config  # type: ignore[no-untyped-call]
    chosen = config["contexts"].get_with_name(context or config["current-context"])
    user = config["users"].get_with_name(chosen["context"]["user"])["user"]
    if "exec" not in user:
        return ["(none)"]
    program = user["exec"]
    return [str(program["command"]), *map(str, program.safe_get("args") or ())]


def _body(answer: object) -> Json:
    """The JSON of a raw answer: asked for unread, it is urllib3's, whatever the stub says."""
    return cast(Json, json.loads(cast(urllib3.HTTPResponse, answer).data))


def _load_incluster(configuration: Configuration) -> bool:
    try:
        load_incluster_config(configuration)  # type: ignore[no-untyped-call]
    except ConfigException:
        return False
    return True


def _own_namespace() -> str:
    """The namespace of the pod that this process runs in."""
    try:
        return OWN_NAMESPACE.read_text(encoding="utf-8").strip() or "default"
    except OSError:
        return "default"


def _namespace_of(kubeconfig: str | None, context: str | None) -> str:
    contexts, active = list_kube_config_contexts(kubeconfig)  # type: ignore[no-untyped-call]
    chosen = next((item for item in contexts if item["name"] == context), active)
    return str(chosen["context"].get("namespace") or "default")


def _error_of_status(problem: ApiException, what: str, namespace: str) -> PodcovError:
    if problem.status == 404:
        return WorkloadError(
            f"Could not {what}: there is none in namespace {namespace}.",
            f"See what is there: kubectl get deploy,sts,pod -n {namespace}",
        )
    if problem.status in (401, 403):
        return ForbiddenError(
            f"You may not {what} in namespace {namespace} (HTTP {problem.status}).",
            "podcov needs to get and list pods and to create pods/portforward there: "
            f"kubectl auth can-i create pods/portforward -n {namespace}",
        )
    if problem.status in (400, 422):
        return SettingError(
            f"The cluster does not understand what was asked: {_words_of(problem)}.",
            "Check the selector, the names and the namespace.",
        )
    return ClusterError(
        f"The cluster could not {what} in namespace {namespace}: HTTP {problem.status} "
        f"{problem.reason}.",
        "Try again; if it stays so, check `kubectl get --raw /readyz`.",
    )


def _words_of(problem: ApiException) -> str:
    """The API server's message, where there is one."""
    try:
        said = json.loads(problem.body or "")["message"]
    except (ValueError, LookupError, TypeError):
        said = problem.reason
    return _flat(str(said))


def _refused_forward(pod: str, port: int, reason: str) -> PodcovError:
    text = _flat(reason)
    if text.startswith("HTTP 403"):
        return ForbiddenError(
            f"The cluster does not let you forward port {port} of pod {pod}.",
            "Ask for the right to create pods/portforward in this namespace.",
        )
    if "connection refused" in text:
        text = "nobody listens there"
    return ForwardError(
        f"Port {port} of pod {pod} could not be forwarded: {text}.",
        "Check that the podcov-agent container runs, or try --forward kubectl.",
    )


def _innermost(problem: BaseException) -> str:
    reason = getattr(problem, "reason", None)
    cause = reason if isinstance(reason, BaseException) else problem
    return str(cause).rsplit(": ", 1)[-1] or type(cause).__name__


def _flat(text: str) -> str:
    """On one line, without the full stop that the sentence brings."""
    return " ".join(text.split()).rstrip(".")
