"""The shop's configuration: the only module that knows the names of its environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CURRENCIES = ("EUR", "USD")


@dataclass(frozen=True)
class Settings:
    """How this shop is run."""

    secret: str
    currency: str = "EUR"
    tax_percent: int = 19

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read the settings. Raise ValueError where a value makes no sense."""
        currency = env.get("SHOP_CURRENCY", cls.currency)
        if currency not in CURRENCIES:
            raise ValueError(f"SHOP_CURRENCY is {currency!r}, expected one of {CURRENCIES}")
        tax = int(env.get("SHOP_TAX_PERCENT", cls.tax_percent))
        if not 0 <= tax <= 30:
            raise ValueError(f"SHOP_TAX_PERCENT is {tax}, expected 0 to 30")
        return cls(
            secret=env.get("SHOP_SECRET", "not-a-secret"), currency=currency, tax_percent=tax
        )
