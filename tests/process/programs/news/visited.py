"""Waits in a loop of asyncio until a visitor has changed it."""
import asyncio
import os
import sys

import work

left = []


async def wait():
    while not left:
        await asyncio.sleep(0.01)
    work.step(6)
    print(left)


async def main():
    print("ready", os.getpid(), flush=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(wait(), name="waiting")


asyncio.run(main())
