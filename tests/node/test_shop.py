"""The main job, all real: annotate a Deployment, run its tests, read the report."""

import json
import re
from pathlib import Path

import pytest
from node import lines, shops
from node.conftest import Reference, in_parallel, run_shop_tests, wait
from node.lines import Lines
from node.shops import Shop
from support.cluster.kubectl import Tools

pytestmark = pytest.mark.node

VARIANTS = pytest.mark.parametrize("variant", shops.VARIANTS)
AGENT_PORT = 9095


@VARIANTS
def test_the_report_equals_that_of_coverage_run(
    measured: dict[str, Shop],
    variant: str,
    reference: Reference,
    client_env: dict[str, str],
    tmp_path: Path,
) -> None:
    """Merged over four workers in two pods, the report counts exactly the statements that
    coverage.py counts for the same requests in one local process, under local paths."""
    shop = measured[variant]
    folder = shops.copy_tests(tmp_path)
    options = ["--podcov", f"--podcov-namespace={shop.namespace}"]
    printed = run_shop_tests(folder, shop.url, client_env, *options)
    assert "podcov: 2 of 2 pods answered" in printed
    assert re.search(r"^TOTAL +\d+ +\d+ +\d+%", printed, re.MULTILINE), printed
    found = lines.in_data_file(folder / ".coverage.podcov", folder / "src")
    assert found == reference.all
    data = lines.CoverageData(str(folder / ".coverage.podcov"))
    data.read()
    outside = [file for file in data.measured_files() if not file.startswith(str(folder / "src"))]
    assert outside == []


@VARIANTS
def test_a_second_answer_has_all_of_the_first(
    measured: dict[str, Shop], variant: str, tools: Tools
) -> None:
    """After more requests to the same pod `/coverage` has the old lines and the new ones."""
    shop = measured[variant]
    pod = wait(tools, variant)[0]
    with tools.forward(shop.namespace, pod, AGENT_PORT) as agent:
        agent.post("/coverage/reset")
        first = _lines(agent.get("/coverage?name=first"))
        with tools.forward(shop.namespace, pod, 8080) as app:
            app.get("/products?category=office&sort=price")
        second = _lines(agent.get("/coverage?name=second"))
    assert lines.without(first, second) == {}
    assert "shop/catalog.py" in lines.without(second, first)


@VARIANTS
def test_after_a_reset_only_the_lines_of_the_next_request_are_there(
    measured: dict[str, Shop], variant: str, tools: Tools, reference: Reference
) -> None:
    """What ran before the first reset stays as `startup`; beside it there are the lines of the
    one request, and of the kubelet's `/healthz`."""
    shop = measured[variant]
    pod = wait(tools, variant)[1]
    with (
        tools.forward(shop.namespace, pod, AGENT_PORT) as agent,
        tools.forward(shop.namespace, pod, 8080) as app,
    ):
        agent.post("/coverage/reset")
        app.get("/products/mug")
        data = lines.in_answer(json.loads(agent.get("/coverage?name=one")))
    beside = lines.in_data(data, shops.IMAGE_SOURCE, shops.SOURCE, ["^$"])
    request, health = (reference.by_context[name] for name in ("GET /products/mug", "GET /healthz"))
    assert lines.without(beside, health) == lines.without(request, health)
    startup = lines.in_data(data, shops.IMAGE_SOURCE, shops.SOURCE, ["^startup$"])
    assert lines.without(reference.by_context["startup"], startup) == {}


def test_removing_the_annotation_restores_everything(
    measured: dict[str, Shop], tools: Tools
) -> None:
    """The template is what it was, byte for byte, and the new pods have nothing of ours."""
    for shop in measured.values():
        arguments = ["-n", shop.namespace, "coverage.io/enabled-"]
        tools.kubectl("annotate", "deployment", "shop", *arguments)
        assert shops.stored_template(tools, shop.namespace) == shop.template
    in_parallel(lambda variant: wait(tools, variant), measured)
    for shop in measured.values():
        pods = tools.list("pods", shop.namespace, "app=shop")
        assert len(pods) == shops.REPLICAS
        assert "podcov" not in json.dumps(pods).replace("podcov-example-shop", "")


def _lines(answer: bytes) -> Lines:
    return lines.in_data(lines.in_answer(json.loads(answer)), shops.IMAGE_SOURCE, shops.SOURCE)
