"""The cart of one visitor: SKUs and quantities, kept in the session cookie."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from shop import catalog
from shop.errors import NotFoundError, OutOfStockError, ShopError

MOST_OF_ONE = 20


class Cart:
    """A view of the session; every change is written through."""

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self._session = session
        self._items: dict[str, int] = dict(session.get("cart", {}))

    def __iter__(self) -> Iterator[tuple[catalog.Product, int]]:
        for sku, quantity in sorted(self._items.items()):
            yield catalog.find(sku), quantity

    def __len__(self) -> int:
        return sum(self._items.values())

    def add(self, sku: str, quantity: int = 1) -> None:
        """Put `quantity` more of a product into the cart."""
        product = catalog.find(sku)
        if not isinstance(quantity, int) or quantity < 1:
            raise ShopError(f"quantity is {quantity!r}, expected a number from 1")
        wanted = self._items.get(sku, 0) + quantity
        if wanted > MOST_OF_ONE:
            raise ShopError(f"at most {MOST_OF_ONE} of one product, {wanted} were asked for")
        if wanted > product.stock:
            raise OutOfStockError(f"{product.name}: {wanted} asked for, {product.stock} in stock")
        self._items[sku] = wanted
        self._save()

    def remove(self, sku: str) -> None:
        """Take a product out of the cart, or raise NotFoundError."""
        if self._items.pop(sku, None) is None:
            raise NotFoundError(f"{sku!r} is not in the cart")
        self._save()

    def clear(self) -> None:
        """Empty the cart."""
        self._items.clear()
        self._save()

    def _save(self) -> None:
        self._session["cart"] = dict(self._items)
