"""async def, async for, async with, await."""
import asyncio

LOG = []


class Context:
    async def __aenter__(self):
        return 1

    async def __aexit__(self, *error):
        await asyncio.sleep(0)


async def numbers():
    for i in range(3):
        yield i
        await asyncio.sleep(0)


async def other(n):
    return n


async def one_line(): return 1


async def everything():
    async with Context() as a, \
            Context() as b:
        LOG.append((a, b))
    async with Context(): LOG.append("one line")
    async for i in numbers():
        if i == 1:
            continue
        LOG.append(i)
    else:
        LOG.append("else")
    async for i in numbers():
        break
    r = [i async for i in numbers()
         if i]
    s = [await other(i)
         for i in r]
    t = await asyncio.gather(
        other(1),
        other(2),
    )
    return await other(
        (r, s, t, await one_line()))


async def failing():
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.001)
    except asyncio.TimeoutError:
        return "timeout"
    finally:
        await asyncio.sleep(0)


async def cancelled():
    task = asyncio.ensure_future(asyncio.sleep(10))
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return "cancelled"


async def never():
    await other(1)


def run():
    coroutine = never()
    coroutine.close()
    return asyncio.run(everything()), asyncio.run(failing()), asyncio.run(cancelled()), LOG
