import asyncio, shop


async def fails():
    await asyncio.sleep(0)
    shop.chained()


async def main():
    asyncio.get_running_loop().slow_callback_duration = 60
    task = asyncio.create_task(fails())
    print("coroutines", await asyncio.gather(task, return_exceptions=True))
    asyncio.create_task(fails())
    await asyncio.sleep(0.01)


asyncio.run(main())
