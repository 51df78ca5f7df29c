"""Owns what can go wrong: one root class, one subclass per decision that a caller can make.

Must not know who shows the message. Raised by the modules beneath, turned into an answer by
`review`, `api`, `manifests` and `cli`. Every slug has an entry in docs/warnings.md.
"""

from __future__ import annotations

from typing import ClassVar


class WebhookError(Exception):
    """Something that a person must know: what was seen, what was expected, what to do."""

    slug: ClassVar[str]


class AnnotationError(WebhookError):
    """An annotation has a value that cannot be meant. The only reason to refuse an object."""

    slug = "annotation-malformed"

    def __init__(self, key: str, value: object, accepted: str) -> None:
        super().__init__(f"annotation {key} is {value!r}; accepted: {accepted}")
        self.key = key


class RecordError(WebhookError):
    """The record in `coverage.io/injected` cannot be read, so nothing can be taken back."""

    slug = "record-unreadable"


class PatchError(WebhookError):
    """The operations do not lead to the wanted object; they must not be answered."""

    slug = "patch-unsound"


class ReviewError(WebhookError):
    """The request is not an AdmissionReview."""

    slug = "review-malformed"


class ReviewSizeError(WebhookError):
    """The request is larger than any AdmissionReview."""

    slug = "review-too-large"


class SettingsError(WebhookError):
    """A setting is unknown, missing or has a bad value."""

    slug = "setting-bad"


class CertificateError(WebhookError):
    """A certificate and its key are missing, unreadable or do not belong together."""

    slug = "certificate-unusable"


class ManifestError(WebhookError):
    """A file given to `inject` or `revert` cannot be read as Kubernetes objects."""

    slug = "manifest-unreadable"


class ClusterError(WebhookError):
    """The API server did not do what the controller asked of it."""

    slug = "cluster-refused"


class ExtraError(WebhookError):
    """A library is missing that comes with the extra `webhook`."""

    slug = "extra-missing"
