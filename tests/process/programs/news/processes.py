"""Processes of the start method that is the default since 3.14, and what it loads beforehand."""
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import work


def worker(n):
    return work.step(n)


if __name__ == "__main__":
    print(multiprocessing.get_start_method())
    multiprocessing.set_forkserver_preload(["work", "__main__"])
    process = multiprocessing.Process(target=worker, args=(1,))
    process.start()
    process.join()
    print(process.exitcode)
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(worker, [2, 3])))
    with multiprocessing.Pool(2) as pool:
        print(pool.map(worker, [4, 5]))
