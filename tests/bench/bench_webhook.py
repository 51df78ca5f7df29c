"""What an admission review costs: over TLS, and against copying and comparing whole objects."""

from __future__ import annotations

import copy
import http.client
import json
import ssl
import statistics
import tempfile
from pathlib import Path
from typing import Any

import jsonpatch
from podcov_webhook.decision import Context, Subject, decide
from podcov_webhook.kinds import KINDS
from podcov_webhook.patch import check_operations, make_operations
from podcov_webhook.settings import AgentSettings
from support.bench import Row, compare, interleave, seconds
from support.certificates import make_server_files, make_test_authority
from support.webhook import WebhookProcess, make_review, running_webhook
from unit.webhook.objects import container, deployment, template

SIZES = {"17 KB": 17_000, "842 KB": 842_000}
CONTEXT = Context("podcov", AgentSettings())


def run(quick: bool) -> list[Row]:
    """p50 and p99 of a review over TLS; the operations made by hand against a diff of copies."""
    objects = {name: sized_deployment(size) for name, size in SIZES.items()}
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        authority = make_test_authority(Path(folder))
        files = make_server_files(Path(folder), authority)
        with running_webhook(files, authority.ca_file) as webhook:
            for name, obj in objects.items():
                rows += _over_tls(webhook, name, obj, 100 if quick else 1000)
    for name, obj in objects.items():
        rows += _against_a_diff(name, obj, 3 if quick else 7)
    return rows


def sized_deployment(size: int) -> dict[str, Any]:
    """A Deployment of about `size` bytes: two measured containers and a proxy, much environment."""
    names = ("shop", "worker", "istio-proxy")
    variable = {"name": "SETTING_0000", "value": "some value of ordinary length"}
    count = size // len(json.dumps(variable)) // len(names)
    env = [{**variable, "name": f"SETTING_{number:04}"} for number in range(count)]
    return deployment(template(*(container(name, command=["run"], env=env) for name in names)))


def _over_tls(webhook: WebhookProcess, name: str, obj: dict[str, Any], count: int) -> list[Row]:
    body = json.dumps(make_review(obj))
    context = ssl.create_default_context(cafile=str(webhook.ca_file))
    connection = http.client.HTTPSConnection("localhost", webhook.port, context=context)

    def ask() -> None:
        connection.request("POST", "/mutate", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if "patch" not in json.loads(answer.read())["response"]:
            raise AssertionError("the review was not answered with a patch")

    ask()
    taken = [seconds(ask) * 1000 for _ in range(count)]
    connection.close()
    p99 = statistics.quantiles(taken, n=100)[98]
    label = f"review of {name} over TLS"
    return [Row(f"{label}: p50", statistics.median(taken), "ms"), Row(f"{label}: p99", p99, "ms")]


def _against_a_diff(name: str, obj: dict[str, Any], rounds: int) -> list[Row]:
    rewritten = decide(Subject(KINDS[0], obj, "shop"), CONTEXT).obj  # type: ignore[arg-type]

    def by_hand() -> None:
        operations = list(make_operations(obj, rewritten))
        check_operations(obj, rewritten, operations)

    def by_diff() -> None:
        changed = copy.deepcopy(rewritten)
        jsonpatch.make_patch(obj, changed)

    sides = {
        "by hand, checked": lambda: seconds(by_hand) * 1000,
        "deepcopy and diff": lambda: seconds(by_diff) * 1000,
    }
    found = interleave(sides, rounds)
    label = f"operations for {name}"
    return [compare(found, label, "ms", side, "deepcopy and diff") for side in sides]
