"""Owns the AdmissionReview: request in, answer out.

Pure. A malformed annotation refuses the object; whatever else goes wrong admits it unchanged, with
a warning. Called by `api`.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from podcov_webhook.decision import Context, Subject, decide
from podcov_webhook.errors import AnnotationError, ReviewError, WebhookError
from podcov_webhook.kinds import NAMES, kind_of_request
from podcov_webhook.models import (
    AdmissionRequest,
    AdmissionResponse,
    AdmissionReview,
    Operation,
)
from podcov_webhook.notices import Notice, notice
from podcov_webhook.patch import check_operations, make_operations

log = logging.getLogger(__name__)

API_VERSION = "admission.k8s.io/v1"
OPERATIONS = ("CREATE", "UPDATE")


@dataclass(frozen=True)
class Reviewed:
    """The answer, and what the log says about it."""

    answer: AdmissionReview
    outcome: str
    slugs: tuple[str, ...]
    uid: str
    kind: str
    namespace: str
    name: str
    operation: str


def review(body: object, context: Context) -> Reviewed:
    """Answer one review. Raises ReviewError if the body is not one."""
    request = _read_request(body)
    outcome, response, notices = _answer(request, context)
    response["uid"] = request["uid"]
    if notices:
        response["warnings"] = [each.as_warning() for each in notices]
    return Reviewed(
        answer={"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response},
        outcome=outcome,
        slugs=tuple(each.slug for each in notices),
        uid=request["uid"],
        kind=request["kind"]["kind"],
        namespace=request.get("namespace", ""),
        name=_name_of(request.get("object")),
        operation=request.get("operation", ""),
    )


def _name_of(obj: object) -> str:
    """For the log. A pod of a controller has only a prefix until it is admitted."""
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    if not isinstance(metadata, dict):
        return ""
    return str(metadata.get("name") or metadata.get("generateName") or "")


def _read_request(body: object) -> AdmissionRequest:
    request = body.get("request") if isinstance(body, Mapping) else None
    if not isinstance(request, dict) or not isinstance(request.get("uid"), str):
        raise ReviewError("the body is no AdmissionReview: it has no request with a uid")
    kind = request.get("kind")
    if not isinstance(kind, dict) or not {"group", "version", "kind"} <= kind.keys():
        raise ReviewError("the body is no AdmissionReview: request.kind is incomplete")
    return cast(AdmissionRequest, request)


def _answer(
    request: AdmissionRequest, context: Context
) -> tuple[str, AdmissionResponse, Sequence[Notice]]:
    try:
        return _decide(request, context)
    except AnnotationError as error:
        return "refused", _refuse(error), ()
    except WebhookError as error:
        return "failed", {"allowed": True}, (Notice(error.slug, str(error)),)
    except Exception as error:  # whatever it is, it must not cost the user an object
        log.exception("review failed", extra={"event": "review", "uid": request["uid"]})
        return "failed", {"allowed": True}, (notice("internal-error", error=repr(error)),)


def _decide(
    request: AdmissionRequest, context: Context
) -> tuple[str, AdmissionResponse, Sequence[Notice]]:
    if request.get("operation") not in OPERATIONS or request.get("subResource"):
        return "unchanged", {"allowed": True}, ()
    kind = kind_of_request(request["kind"])
    if kind is None:
        unsupported = notice("kind-unsupported", kind=request["kind"]["kind"], supported=NAMES)
        return "skipped", {"allowed": True}, (unsupported,)
    obj = request["object"]
    subject = Subject(kind, obj, request.get("namespace", ""), request.get("oldObject"))
    decision = decide(subject, context)
    operations = list(make_operations(obj, decision.obj))
    check_operations(obj, decision.obj, operations)
    if operations:
        return decision.outcome, _patched(operations), decision.notices
    outcome = "unchanged" if decision.outcome != "skipped" else "skipped"
    return outcome, {"allowed": True}, decision.notices


def _patched(operations: Sequence[Operation]) -> AdmissionResponse:
    text = json.dumps(operations, separators=(",", ":"))
    return {
        "allowed": True,
        "patchType": "JSONPatch",
        "patch": base64.b64encode(text.encode()).decode(),
    }


def _refuse(error: AnnotationError) -> AdmissionResponse:
    return {
        "allowed": False,
        "status": {"code": 400, "reason": "BadRequest", "message": f"{error} [{error.slug}]"},
    }
