"""The command line against measured pods, as a person uses it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from node import lines, shops
from node.shops import Shop
from support.cluster.kubectl import Tools

pytestmark = pytest.mark.node

PODCOV = Path(sys.executable).parent / "podcov"


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def podcov_command(measured: dict[str, Shop], client_env: dict[str, str], tmp_path: Path) -> Run:
    """Runs `podcov COMMAND deploy/shop -n NAMESPACE ...` in an empty folder."""
    namespace = measured["shell"].namespace

    def run(command: str, *options: str) -> subprocess.CompletedProcess[str]:
        words = [str(PODCOV), command, "deploy/shop", "-n", namespace, *options]
        return subprocess.run(
            words, cwd=tmp_path, env=client_env, capture_output=True, text=True, timeout=120
        )

    return run


def test_status_shows_every_pod(podcov_command: Run) -> None:
    """A row for each pod, with its interpreter."""
    done = podcov_command("status")
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()[1:]
    assert len(rows) == shops.REPLICAS
    for row in rows:
        name, container, python, files, executed, generation = row.split()
        assert name.startswith("shop-")
        assert container == "shop"
        assert python.startswith("3.")
        assert int(files) >= 8
        assert int(executed) > 100
        assert generation.isdigit()


@pytest.mark.parametrize("forward", ["native", "kubectl"])
def test_collect_counts_what_ran_since_the_reset(
    podcov_command: Run, measured: dict[str, Shop], tools: Tools, tmp_path: Path, forward: str
) -> None:
    """`reset`, a request, `collect --html`: the request's lines are there, and a report of them."""
    shop = measured["shell"]
    way = ["--forward", forward]
    done = podcov_command("reset", *way)
    assert done.returncode == 0, done.stderr
    pod = tools.list("pods", shop.namespace, "app=shop")[0]["metadata"]["name"]
    with tools.forward(shop.namespace, pod, 8080) as app:
        app.get("/products?q=mug")
    data = tmp_path / "data"
    options = ["--source", str(shops.SOURCE), "--html", "html", "--data", str(data)]
    done = podcov_command("collect", *way, *options)
    assert done.returncode == 0, done.stderr
    assert f"{shops.REPLICAS} of {shops.REPLICAS} pods answered" in done.stderr
    assert "TOTAL" in done.stdout
    assert (tmp_path / "html" / "index.html").exists()
    found = lines.in_data_file(data, shops.SOURCE)
    search = function_lines(shops.SOURCE / "shop" / "catalog.py", "def search")
    assert found["shop/catalog.py"] & search
    pay = function_lines(shops.SOURCE / "shop" / "orders.py", "def place")
    assert not found["shop/orders.py"] & pay


def function_lines(file: Path, definition: str) -> set[int]:
    """The statements of a function's body."""
    text = file.read_text().splitlines()
    first = next(number for number, line in enumerate(text, 1) if line.startswith(definition))
    rest = enumerate(text[first:], first + 1)
    end = next((n for n, line in rest if line and not line[0].isspace() and line[0] != ")"), None)
    return lines.statements(file) & set(range(first + 1, end or len(text) + 1))
