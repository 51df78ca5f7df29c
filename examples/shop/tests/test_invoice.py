"""The invoice: code that only one endpoint imports."""


def test_an_invoice_adds_up(shop):
    shop.put_into_cart("mug", 2)
    assert shop.get("/cart/invoice").text.splitlines() == [
        "Invoice (EUR)",
        "=" * 40,
        "2 x Coffee mug                     25.00",
        "-" * 40,
        "Shipping                            4.90",
        "Tax                                 4.75",
        "Total                              34.65",
    ]
