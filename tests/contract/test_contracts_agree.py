"""The copies of what the three packages share say the same."""

from __future__ import annotations

import itertools
from types import ModuleType

import podcov.contract
import podcov_agent.contract
import podcov_webhook.contract
import pytest

CONTRACTS = (podcov_agent.contract, podcov.contract, podcov_webhook.contract)


def constants(contract: ModuleType) -> dict[str, object]:
    return {name: value for name, value in vars(contract).items() if name.isupper()}


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(CONTRACTS, 2)])
def test_constants_of_equal_name_are_equal(one: ModuleType, other: ModuleType) -> None:
    """A name that two packages use means the same in both."""
    shared = constants(one).keys() & constants(other).keys()
    assert {"VERSION", "DEFAULT_PORT", "ENV_HOME", "SIDECAR_NAME"} <= shared
    assert {n: constants(one)[n] for n in shared} == {n: constants(other)[n] for n in shared}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_holds_constants_only(contract: ModuleType) -> None:
    """Nothing in it is imported or called, so that any package can hold a copy."""
    public = {name: value for name, value in vars(contract).items() if name[0].isalpha()}
    assert public == {n: v for n, v in constants(contract).items() if isinstance(v, str | int)}


def test_what_a_package_has_alone_has_no_other_value_elsewhere() -> None:
    """The client and the webhook use no route, header or variable that the agent does not have."""
    agent = set(constants(podcov_agent.contract).values())
    for contract in CONTRACTS[1:]:
        used = {
            value
            for name, value in constants(contract).items()
            if name.startswith(("ROUTE_", "HEADER_", "SPOOL_", "HOME_"))
        }
        assert used <= agent
