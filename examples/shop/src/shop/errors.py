"""What the shop refuses, and with which HTTP status."""


class ShopError(Exception):
    """A request that the shop understood and will not carry out."""

    status = 400


class NotFoundError(ShopError):
    """Something was named that does not exist."""

    status = 404


class OutOfStockError(ShopError):
    """More was asked for than there is."""

    status = 409


class PaymentError(ShopError):
    """The card was refused."""

    status = 402
