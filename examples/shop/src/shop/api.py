"""The shop's HTTP interface."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request, session

from shop import catalog, orders, pricing
from shop.cart import Cart
from shop.errors import ShopError
from shop.settings import Settings

api = Blueprint("shop", __name__)


def create_app(settings: Settings) -> Flask:
    """Return the WSGI application."""
    app = Flask("shop")
    app.secret_key = settings.secret
    app.config["SHOP"] = settings
    app.register_blueprint(api)
    app.register_error_handler(ShopError, _refused)
    return app


def _refused(error: ShopError) -> tuple[Response, int]:
    return jsonify(error=type(error).__name__, message=str(error)), error.status


def _settings() -> Settings:
    settings: Settings = current_app.config["SHOP"]
    return settings


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ShopError("the body must be a JSON object")
    return body


def _price(cart: Cart, coupon: str, country: str) -> pricing.Price:
    return pricing.price(cart, coupon, country, _settings().tax_percent)


def _cart_json(cart: Cart) -> Response:
    items = [{"sku": product.sku, "quantity": quantity} for product, quantity in cart]
    return jsonify(items=items, count=len(cart))


@api.get("/healthz")
def healthz() -> Response:
    return jsonify(status="ok")


@api.get("/products")
def products() -> Response:
    found = catalog.search(
        text=request.args.get("q", ""),
        category=request.args.get("category", ""),
        sort=request.args.get("sort", "name"),
    )
    return jsonify([product.as_json() for product in found])


@api.get("/products/<sku>")
def product(sku: str) -> Response:
    return jsonify(catalog.find(sku).as_json())


@api.get("/cart")
def show_cart() -> Response:
    return _cart_json(Cart(session))


@api.post("/cart")
def add_to_cart() -> Response:
    body = _body()
    cart = Cart(session)
    cart.add(str(body.get("sku", "")), body.get("quantity", 1))
    return _cart_json(cart)


@api.delete("/cart/<sku>")
def remove_from_cart(sku: str) -> Response:
    cart = Cart(session)
    cart.remove(sku)
    return _cart_json(cart)


@api.get("/cart/price")
def show_price() -> Response:
    args = request.args
    price = _price(Cart(session), args.get("coupon", ""), args.get("country", "de"))
    return jsonify(total=price.total, discount=price.discount, shipping=price.shipping)


@api.get("/cart/invoice")
def show_invoice() -> Response:
    from shop import invoice  # only this endpoint needs it

    cart = Cart(session)
    price = _price(cart, request.args.get("coupon", ""), "de")
    text = invoice.write(cart, price, _settings().currency)
    return Response(text, mimetype="text/plain")


@api.post("/orders")
def place_order() -> tuple[Response, int]:
    body = _body()
    cart = Cart(session)
    price = _price(cart, str(body.get("coupon", "")), str(body.get("country", "de")))
    order = orders.place(cart, str(body.get("email", "")), str(body.get("card", "")), price)
    return jsonify(number=order.number, lines=list(order.lines), total=order.price.total), 201
