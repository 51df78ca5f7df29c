"""Owns the words for everything that is admitted but not, or not quite, as asked.

Each notice reaches the user as a warning of kubectl. Every slug here and in `errors` has an entry
in docs/warnings.md, checked by a test. Called by the modules that decide.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_CHARACTERS = 240
"""Kubernetes truncates warnings beyond 256 characters."""


@dataclass(frozen=True)
class Notice:
    """A slug that a person can look up, and a sentence with the values seen."""

    slug: str
    message: str

    def as_warning(self) -> str:
        """One line for kubectl and for standard error."""
        ending = f" [{self.slug}]"
        text = " ".join(f"podcov: {self.message}".split())
        if len(text) + len(ending) > MAX_CHARACTERS:
            text = text[: MAX_CHARACTERS - len(ending) - 3] + "..."
        return text + ending


NOTICES = {
    "annotation-unknown": "annotation {key} is unknown and has no effect",
    "being-deleted": "the object is being deleted; left as it is",
    "command-unused": "coverage.io/command has no effect: every measured container has a command",
    "container-taken": "there is a container {name} already; not measured",
    "env-taken": "container {container} sets {name} itself; not measured",
    "host-network": "the pod uses the host's network; not measured",
    "internal-error": "not measured because of an error in podcov: {error}",
    "kind-unsupported": "{kind} objects are not measured; annotate a {supported}",
    "mirror-pod": "the kubelet owns this pod; not measured",
    "mount-taken": "container {container} mounts a volume at {path}; not measured",
    "namespace-excluded": "nothing is measured in namespace {namespace}",
    "no-target": "every container is a known sidecar ({names}); name one in coverage.io/containers",
    "pod-cannot-change": "annotations of a running pod have no effect; create it again",
    "port-taken": "container {container} uses port {port}; choose another with coverage.io/port",
    "volume-taken": "there is a volume {name} already; not measured",
    "windows": "the pod runs on Windows; not measured",
}
"""slug → sentence. The values in braces are given to `notice`."""


def notice(slug: str, **values: object) -> Notice:
    """The notice with this slug, its sentence filled with the values."""
    return Notice(slug, NOTICES[slug].format(**values))
