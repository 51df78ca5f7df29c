"""Where the shop is that the tests talk to."""

import os

import pytest
import requests


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shop-url",
        default=os.environ.get("SHOP_URL", "http://127.0.0.1:30080"),
        help="base URL of the running shop (default: $SHOP_URL or http://127.0.0.1:30080)",
    )


class Browser(requests.Session):
    """A visitor with a cookie jar; paths are relative to the shop."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url.rstrip("/")

    def request(self, method, url, **kwargs):  # type: ignore[no-untyped-def,override]
        kwargs.setdefault("timeout", 10)
        return super().request(method, self._base_url + url, **kwargs)

    def put_into_cart(self, sku: str, quantity: int = 1) -> None:
        answer = self.post("/cart", json={"sku": sku, "quantity": quantity})
        assert answer.status_code == 200, answer.text


@pytest.fixture
def shop(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    """A visitor without a cart."""
    with Browser(request.config.getoption("--shop-url")) as browser:
        yield browser
