"""Writes the invoice of a cart as text. Imported by the one endpoint that needs it."""

from __future__ import annotations

from collections.abc import Iterable

from shop.catalog import Product
from shop.pricing import Price

WIDTH = 40


def _row(label: str, cents: int) -> str:
    amount = f"{cents / 100:.2f}"
    return label.ljust(WIDTH - len(amount)) + amount


def write(items: Iterable[tuple[Product, int]], price: Price, currency: str) -> str:
    """Return the invoice."""
    rows = [f"Invoice ({currency})", "=" * WIDTH]
    rows += [_row(f"{count} x {product.name}", count * product.cents) for product, count in items]
    rows.append("-" * WIDTH)
    if price.discount:
        rows.append(_row("Discount", -price.discount))
    if price.shipping:
        rows.append(_row("Shipping", price.shipping))
    else:
        rows.append("Shipping is free")
    rows += [_row("Tax", price.tax), _row("Total", price.total)]
    return "\n".join(rows) + "\n"
