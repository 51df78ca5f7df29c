"""Functions of every kind, handed to other interpreters within the process."""
import sys
from concurrent import interpreters
from concurrent.futures import InterpreterPoolExecutor

import work


def of_main(n):
    return n + work.N


def main():
    def nested(n):
        m = n
        return m + 1

    if sys.argv[1:]:
        with InterpreterPoolExecutor(1) as pool:
            print(list(pool.map(nested, [6])))
        return
    one = interpreters.create()
    print(one.call(work.step, 1), one.call(lambda: 3), one.call(of_main, 5))
    one.call_in_thread(work.step, 2).join()
    one.exec("import work; print(work.step(3), flush=True)")
    one.close()
    with InterpreterPoolExecutor(2) as pool:
        print(list(pool.map(work.step, [4, 5])))
        print(list(pool.map(work.double, [7])), list(pool.map(of_main, [8])))
        try:
            pool.submit(int, "x").result()
        except ValueError as error:
            print(error)


if __name__ == "__main__":
    main()
