"""python main.py KIND: starts and ends processes in the ways that applications do."""

import os
import signal
import subprocess
import sys
import threading

from work import step

KIND = sys.argv[1] if __name__ == "__main__" else ""
HERE = os.path.dirname(os.path.abspath(__file__))


def killed():
    step(1)
    os.kill(os.getpid(), signal.SIGKILL)


def exits_at_once():
    step(2)
    os._exit(7)


def aborts():
    step(3)
    os.abort()


def execs():
    if os.environ.get("AGAIN"):
        step(5)
        return
    step(4)
    os.environ["AGAIN"] = "1"
    os.execv(sys.executable, [sys.executable, *sys.argv])


def forks():
    children = []
    for n in (6, 7):
        pid = os.fork()
        if not pid:
            step(n)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)
    step(8)


def forks_then_imports():
    pid = os.fork()
    if not pid:
        import late

        late.mark(1)
        os._exit(0)
    os.waitpid(pid, 0)


def _worker(n):
    step(n)


def _alone(n):
    """A function that needs no name of its module can be handed to another interpreter by value."""
    import work

    work.step(n)


def _multiprocess(method):
    import multiprocessing

    context = multiprocessing.get_context(method)
    for n in (9, 10):
        process = context.Process(target=_worker, args=(n,))
        process.start()
        process.join()
        assert process.exitcode == 0, process.exitcode


def spawn():
    _multiprocess("spawn")


def forkserver():
    _multiprocess("forkserver")


def pool():
    import multiprocessing

    with multiprocessing.get_context("fork").Pool(2) as workers:
        workers.map(_worker, (11, 12, 13))


def executors():
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

    with ThreadPoolExecutor() as threads:
        list(threads.map(_worker, (22,)))
    for n, method in enumerate(("fork", "spawn", "forkserver"), 23):
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(1, mp_context=context) as processes:
            list(processes.map(_worker, (n,)))


def coroutines():
    import asyncio

    async def worker(n):
        await asyncio.sleep(0)
        step(n)

    async def workers():
        await asyncio.gather(worker(26), asyncio.get_running_loop().run_in_executor(None, step, 27))

    asyncio.run(workers())


def subprocesses():
    code = "import work; work.step(14)"
    subprocess.run([sys.executable, "-c", code], cwd=HERE, check=True)


def threads():
    started = [threading.Thread(target=step, args=(n,)) for n in (15, 16, 17)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def daemon():
    """Two forks, a new session, every descriptor closed; then files of its own in those numbers."""
    ready, done = os.pipe()
    if os.fork():
        os.close(done)
        os.read(ready, 1)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.dup2(done, 200)
    os.closerange(0, 200)
    files = [open(os.path.join(os.environ["USER_FILES"], str(n)), "w") for n in range(8)]
    step(18)
    import late

    late.mark(2)
    for n, file in enumerate(files):
        file.write("precious %d" % n)
    for file in files:
        file.close()
    os.write(200, b".")
    os._exit(0)


def greenlets():
    from greenlet import greenlet

    def worker(n):
        main.switch()
        step(n)

    main = greenlet.getcurrent()
    started = [greenlet(worker) for _ in range(3)]
    for n, one in enumerate(started, 28):
        one.switch(n)
    for one in started:
        one.switch()


IN_ANOTHER = "import sys; sys.path.insert(0, %r); import work; work.step(%d)"


def subinterpreter():
    """The module that every version has, by another name: an interpreter as it comes."""
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    one = interpreters.create()
    failure = interpreters.run_string(one, IN_ANOTHER % (HERE, 19))
    assert failure is None, failure
    interpreters.destroy(one)


def script_in_another():
    """Whether anything in the path hooks of another interpreter knows the script."""
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    one = interpreters.create()
    code = "import pkgutil, sys; print(pkgutil.get_importer(%r), flush=True)" % sys.argv[0]
    failure = interpreters.run_string(one, code)
    assert failure is None, failure
    interpreters.destroy(one)


def subinterpreters_at_once():
    """Several, each in a thread, of both kinds: with the common GIL and with one of its own."""
    try:
        import _interpreters as interpreters

        kinds = ("legacy", "isolated")
    except ImportError:
        import _xxsubinterpreters as interpreters

        kinds = (False, True)

    def run(n):
        kind = kinds[n % 2]
        new = interpreters.create if sys.version_info < (3, 10) else lambda: made(kind)
        one = new()
        failure = interpreters.run_string(one, IN_ANOTHER % (HERE, n))
        assert failure is None, failure
        interpreters.destroy(one)

    def made(kind):
        if isinstance(kind, str):
            return interpreters.create(kind)
        return interpreters.create(isolated=kind)

    started = [threading.Thread(target=run, args=(n,)) for n in range(31, 35)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def interpreters_of_the_library():
    """concurrent.interpreters and the pool over it, which 3.14 has."""
    from concurrent import interpreters
    from concurrent.futures import InterpreterPoolExecutor

    one = interpreters.create()
    one.exec(IN_ANOTHER % (HERE, 35))
    one.call(_worker, 36)
    one.call(_alone, 37)
    one.close()
    with InterpreterPoolExecutor(2) as pool:
        list(pool.map(_worker, (38, 39)))


def reloads():
    import importlib

    import late

    late.mark(1)
    importlib.reload(late).mark(2)
    step(20)


def run_path():
    import runpy

    runpy.run_path(os.path.join(HERE, "script.py"), run_name="__main__")


def run_module():
    import runpy

    runpy.run_module("script", run_name="__main__")


if __name__ == "__main__":
    globals()[KIND]()
    print("end")
