"""What things cost."""

import functools
from dataclasses import dataclass, field

PRICES = {name: euros * 100 for name, euros in [("mug", 9), ("pen", 2), ("lamp", 49)]}


class UnknownItemError(LookupError):
    pass


@dataclass(frozen=True)
class Discount:
    percent: int = 0
    reasons: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return ", ".join(self.reasons) or "none"


@functools.cache
def price_of(item: str) -> int:
    try:
        return PRICES[item]
    except KeyError:
        raise UnknownItemError(item) from None
    finally:
        len(item)


def discount_for(count: int) -> Discount:
    match count:
        case 0:
            return Discount()
        case 1 | 2:
            return Discount(5, ["a few"])
        case many if many > 100:
            return Discount(50, ["a lot", "a friend"])
        case _:
            pass
    return Discount(10, ["some"])


def total(item: str, count: int) -> str:
    discount = discount_for(count)
    cents = price_of(item) * count * (100 - discount.percent) // 100
    return f"{cents / 100:.2f} ({discount.words})"
