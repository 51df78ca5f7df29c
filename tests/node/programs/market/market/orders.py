"""Orders, one after the other and several at a time."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_open: list[str] = []


@contextlib.contextmanager
def order(name: str) -> Iterator[str]:
    with _lock:
        _open.append(name)
    try:
        yield name.title()
    finally:
        with _lock:
            _open.remove(name)


def steps(name: str) -> Iterator[str]:
    while True:
        with order(name) as title:
            yield f"{title} is packed"
        if name.startswith("x"):
            return
        yield f"{title} is sent"
        break
    else:
        yield "never"


async def _deliver(name: str) -> str:
    await asyncio.sleep(0)
    if name == "nobody":
        raise ValueError(name)
    return "; ".join([step.strip() for step in steps(name)])


async def _deliver_all(names: list[str]) -> list[str]:
    done = await asyncio.gather(*map(_deliver, names), return_exceptions=True)
    return [str(each) if isinstance(each, str) else f"not {each}" for each in done]


def deliver(*names: str) -> str:
    return "\n".join(asyncio.run(_deliver_all(list(names))))
