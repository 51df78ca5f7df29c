"""The catalogue, from outside."""


def test_the_shop_is_up(shop):
    assert shop.get("/healthz").json() == {"status": "ok"}


def test_products_are_sorted_by_name(shop):
    names = [product["name"] for product in shop.get("/products").json()]
    assert names == sorted(names)
    assert "Kettle" in names


def test_products_can_be_searched_and_sorted_by_price(shop):
    found = shop.get("/products", params={"category": "office", "sort": "price"}).json()
    assert [product["sku"] for product in found] == ["pen", "lamp", "chair"]


def test_a_product_tells_whether_it_is_available(shop):
    assert shop.get("/products/bell").json()["available"] is False
    assert shop.get("/products/mug").json()["available"] is True


def test_an_unknown_product_is_not_found(shop):
    answer = shop.get("/products/unicorn")
    assert answer.status_code == 404
    assert answer.json()["message"] == "there is no product 'unicorn'"


def test_an_unknown_order_is_refused(shop):
    assert shop.get("/products", params={"sort": "colour"}).status_code == 400
