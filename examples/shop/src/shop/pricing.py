"""What a cart costs: pure arithmetic on cents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shop.catalog import Product
from shop.errors import ShopError

SHIPPING_CENTS = {"de": 490, "at": 890, "ch": 1490}
FREE_SHIPPING_FROM = 10_000
COUPONS = {"WELCOME10": 10, "STAFF30": 30}


@dataclass(frozen=True)
class Price:
    """The parts of a total, in cents."""

    goods: int
    discount: int
    shipping: int
    tax: int

    @property
    def total(self) -> int:
        """Return what the customer pays."""
        return self.goods - self.discount + self.shipping + self.tax


def discount(goods: int, coupon: str) -> int:
    """Return the cents that a coupon takes off."""
    if not coupon:
        return 0
    if coupon not in COUPONS:
        raise ShopError(f"the coupon {coupon!r} is not known")
    percent = COUPONS[coupon]
    if percent > 20 and goods < 5_000:
        raise ShopError(f"the coupon {coupon!r} needs goods for at least 50.00")
    return goods * percent // 100


def shipping(goods: int, country: str) -> int:
    """Return the cents for sending goods of this value to `country`."""
    if country not in SHIPPING_CENTS:
        raise ShopError(f"we do not ship to {country!r}, only to {sorted(SHIPPING_CENTS)}")
    if goods >= FREE_SHIPPING_FROM and country == "de":
        return 0
    return SHIPPING_CENTS[country]


def price(
    items: Iterable[tuple[Product, int]], coupon: str, country: str, tax_percent: int
) -> Price:
    """Return what these items cost."""
    goods = sum(product.cents * quantity for product, quantity in items)
    if goods == 0:
        return Price(0, 0, 0, 0)
    less = discount(goods, coupon)
    return Price(goods, less, shipping(goods, country), (goods - less) * tax_percent // 100)
