"""What the shop sells. The catalogue is read once, when the module is imported."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib import resources

from shop.errors import NotFoundError, ShopError


@dataclass(frozen=True)
class Product:
    """One article; its price is in cents."""

    sku: str
    name: str
    category: str
    cents: int
    stock: int

    def as_json(self) -> dict[str, object]:
        """Return what the API shows of a product."""
        shown = asdict(self)
        shown["available"] = shown.pop("stock") > 0
        return shown


def _load() -> dict[str, Product]:
    text = (resources.files("shop") / "products.json").read_text(encoding="utf-8")
    products: dict[str, Product] = {}
    for row in json.loads(text):
        product = Product(**row)
        if product.sku in products:
            raise ValueError(f"products.json has {product.sku!r} twice")
        products[product.sku] = product
    return products


PRODUCTS = _load()
CATEGORIES = sorted({product.category for product in PRODUCTS.values()})
_ORDERS = {"name": lambda p: p.name.lower(), "price": lambda p: p.cents}


def find(sku: str) -> Product:
    """Return one product, or raise NotFoundError."""
    try:
        return PRODUCTS[sku]
    except KeyError:
        raise NotFoundError(f"there is no product {sku!r}") from None


def search(text: str = "", category: str = "", sort: str = "name") -> list[Product]:
    """Return the products that match, sorted by `name` or `price`."""
    if category and category not in CATEGORIES:
        raise NotFoundError(f"there is no category {category!r}")
    if sort not in _ORDERS:
        raise ShopError(f"sort is {sort!r}, expected one of {sorted(_ORDERS)}")
    found = [
        product
        for product in PRODUCTS.values()
        if text.lower() in product.name.lower() and category in ("", product.category)
    ]
    return sorted(found, key=_ORDERS[sort])
