"""Turns a cart into an order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from shop.cart import Cart
from shop.errors import PaymentError, ShopError
from shop.pricing import Price


@dataclass(frozen=True)
class Order:
    """A paid order."""

    number: str
    email: str
    lines: tuple[str, ...]
    price: Price


def check_card(number: str) -> None:
    """Raise PaymentError unless the number passes the Luhn test."""
    digits = [int(char) for char in number if char.isdigit()]
    if len(digits) < 12:
        raise PaymentError("the card number is too short")
    doubled = [
        (digit * 2 - 9 if digit > 4 else digit * 2) if place % 2 else digit
        for place, digit in enumerate(reversed(digits))
    ]
    if sum(doubled) % 10:
        raise PaymentError("the card was refused")


def place(cart: Cart, email: str, card: str, price: Price) -> Order:
    """Charge the card, empty the cart and return the order."""
    if not cart:
        raise ShopError("the cart is empty")
    if "@" not in email:
        raise ShopError(f"{email!r} is no e-mail address")
    check_card(card)
    lines = tuple(f"{quantity} x {product.name}" for product, quantity in cart)
    number = hashlib.sha256(f"{email}{lines}{price.total}".encode()).hexdigest()[:8]
    cart.clear()
    return Order(number, email, lines, price)
