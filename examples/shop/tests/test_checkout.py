"""From an empty cart to a paid order, from outside."""

GOOD_CARD = "4242 4242 4242 4242"


def test_a_cart_remembers_what_was_put_in(shop):
    shop.put_into_cart("mug", 2)
    shop.put_into_cart("pen")
    assert shop.get("/cart").json() == {
        "count": 3,
        "items": [{"sku": "mug", "quantity": 2}, {"sku": "pen", "quantity": 1}],
    }


def test_a_product_can_be_taken_out_again(shop):
    shop.put_into_cart("mug")
    assert shop.delete("/cart/mug").json()["count"] == 0
    assert shop.delete("/cart/mug").status_code == 404


def test_more_than_there_is_cannot_be_bought(shop):
    answer = shop.post("/cart", json={"sku": "chair", "quantity": 4})
    assert answer.status_code == 409
    assert answer.json()["message"] == "Office chair: 4 asked for, 3 in stock"


def test_a_quantity_must_make_sense(shop):
    assert shop.post("/cart", json={"sku": "mug", "quantity": 0}).status_code == 400


def test_shipping_is_free_for_large_orders(shop):
    shop.put_into_cart("mug")
    assert shop.get("/cart/price").json()["shipping"] == 490
    shop.put_into_cart("chair")
    assert shop.get("/cart/price").json()["shipping"] == 0


def test_a_coupon_takes_ten_percent_off(shop):
    shop.put_into_cart("kettle")
    answer = shop.get("/cart/price", params={"coupon": "WELCOME10"}).json()
    assert answer == {"discount": 599, "shipping": 490, "total": 6905}


def test_an_unknown_coupon_is_refused(shop):
    shop.put_into_cart("kettle")
    assert shop.get("/cart/price", params={"coupon": "GIMME"}).status_code == 400


def test_an_order_empties_the_cart(shop):
    shop.put_into_cart("lamp")
    order = {"email": "ada@example.org", "card": GOOD_CARD}
    answer = shop.post("/orders", json=order)
    assert answer.status_code == 201, answer.text
    assert answer.json()["lines"] == ["1 x Desk lamp"]
    assert shop.get("/cart").json()["count"] == 0


def test_a_bad_card_is_refused(shop):
    shop.put_into_cart("lamp")
    order = {"email": "ada@example.org", "card": "4242 4242 4242 4241"}
    assert shop.post("/orders", json=order).status_code == 402
