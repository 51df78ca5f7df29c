"""Owns the conversation with the API server: one Secret and one webhook configuration, by name.

Must not decide. The only importer of the Kubernetes client. Called by `converge`.
"""

from __future__ import annotations

import base64

import kubernetes.client
import kubernetes.config
from kubernetes.client import V1ObjectMeta, V1Secret
from kubernetes.client.exceptions import ApiException

from podcov_webhook.errors import ClusterError
from podcov_webhook.rotation import StoredSecret
from podcov_webhook.settings import ControllerSettings

TIMEOUT_S = 10
LABELS = {"app.kubernetes.io/managed-by": "podcov-webhook"}


class Cluster:
    """The two objects that the controller owns or mends."""

    def __init__(self, settings: ControllerSettings) -> None:
        try:
            kubernetes.config.load_config()  # type: ignore[no-untyped-call]  # their gap
        except kubernetes.config.ConfigException as error:
            raise ClusterError(
                f"no cluster: {error}; run in a pod, or set KUBECONFIG to a kubeconfig"
            ) from error
        self._core = kubernetes.client.CoreV1Api()
        self._admission = kubernetes.client.AdmissionregistrationV1Api()
        self._settings = settings

    def read_secret(self) -> StoredSecret | None:
        """The Secret, or None if there is none. Raises ClusterError."""
        settings = self._settings
        try:
            found = self._core.read_namespaced_secret(
                settings.secret, settings.namespace, _request_timeout=TIMEOUT_S
            )
        except ApiException as error:
            if error.status == 404:
                return None
            raise _wrapped(error, f"read Secret {settings.namespace}/{settings.secret}") from error
        data = {key: base64.b64decode(value) for key, value in (found.data or {}).items()}
        return StoredSecret(data, _version_of(found))

    def write_secret(self, data: dict[str, bytes], version: str | None) -> str:
        """Create the Secret (no version) or replace that version of it; returns the new version.

        Raises ClusterError, also when somebody else was faster.
        """
        settings = self._settings
        body = V1Secret(
            metadata=V1ObjectMeta(name=settings.secret, labels=LABELS, resource_version=version),
            type="Opaque",
            data={key: base64.b64encode(value).decode() for key, value in data.items()},
        )
        try:
            if version is None:
                made = self._core.create_namespaced_secret(
                    settings.namespace, body, _request_timeout=TIMEOUT_S
                )
            else:
                made = self._core.replace_namespaced_secret(
                    settings.secret, settings.namespace, body, _request_timeout=TIMEOUT_S
                )
        except ApiException as error:
            raise _wrapped(error, f"write Secret {settings.namespace}/{settings.secret}") from error
        return _version_of(made)

    def publish_bundle(self, bundle: bytes) -> bool:
        """Make every webhook of the configuration trust the bundle; True if that was a change.

        Nothing but `caBundle` is patched. Raises ClusterError, also if there is no configuration.
        """
        name = self._settings.configuration
        wanted = base64.b64encode(bundle).decode()
        try:
            found = self._admission.read_mutating_webhook_configuration(
                name, _request_timeout=TIMEOUT_S
            )
            changes = [
                operation
                for index, webhook in enumerate(found.webhooks or [])
                if webhook.client_config.ca_bundle != wanted
                for operation in _bundle_operations(index, webhook.name, wanted)
            ]
            if changes:
                self._admission.patch_mutating_webhook_configuration(
                    name, changes, _request_timeout=TIMEOUT_S
                )
        except ApiException as error:
            raise _wrapped(error, f"set caBundle in {name}") from error
        return bool(changes)


def _version_of(secret: V1Secret) -> str:
    metadata = secret.metadata
    return str(metadata.resource_version) if metadata is not None else ""


def _bundle_operations(index: int, name: str, bundle: str) -> list[dict[str, str]]:
    """Tested by name, so that a list reordered meanwhile is not patched in the wrong place."""
    return [
        {"op": "test", "path": f"/webhooks/{index}/name", "value": name},
        {"op": "add", "path": f"/webhooks/{index}/clientConfig/caBundle", "value": bundle},
    ]


def _wrapped(error: ApiException, action: str) -> ClusterError:
    return ClusterError(f"cannot {action}: {error.status} {error.reason}; tried again shortly")
