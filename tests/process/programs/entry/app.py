"""Prints all that a script can see of how it was started, then ends as it is told to."""
import json
import os
import sys

import helper


def observe():
    import inspect
    import traceback

    main = sys.modules["__main__"]
    special = ("__file__", "__cached__", "__spec__", "__package__", "__name__", "__doc__")
    loader = main.__loader__
    return {
        "names": sorted(main.__dict__),
        "special": {name: repr(getattr(main, name, "absent")) for name in special},
        "loader": [type(loader).__qualname__, getattr(loader, "path", ""), getattr(loader, "name", "")],
        "path": [p for p in sys.path if not p.endswith("/bootstrap")],
        "argv": [sys.argv, getattr(sys, "orig_argv", None)],
        "stack": [(frame.filename, frame.function) for frame in inspect.stack()],
        "depth": len(traceback.extract_stack()),
        "modules": sorted(sys.modules),
        "meta_path": [repr(finder) for finder in sys.meta_path],
        "path_hooks": [getattr(hook, "__qualname__", repr(hook)) for hook in sys.path_hooks],
        "importers": sorted(k for k in sys.path_importer_cache if k.endswith((".py", "bootstrap"))),
        "filename": observe.__code__.co_filename,
        "source": inspect.getsource(observe)[:20],
        "builtins": type(main.__builtins__).__name__,
        "caller": repr(sys._getframe(1).f_back),
        "flags": repr(sys.flags),
        "warnings": [repr(f) for f in sys.modules["warnings"].filters],
    }


def recurse(n):
    return recurse(n + 1)


def main(how):
    if how == "raise":
        helper.divide(1)
        raise ValueError("x")
    if how == "nested":
        helper.divide(0)
    if how == "exit3":
        sys.exit(3)
    if how == "exitmessage":
        sys.exit("bye")
    if how == "exitnone":
        raise SystemExit
    if how == "keyboard":
        raise KeyboardInterrupt
    if how == "sigint":
        import signal
        import time

        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    if how == "atexit":
        import atexit

        atexit.register(lambda: print(getattr(sys.modules["__main__"], "__file__", "gone")))
    if how == "attribute":
        helper.nope
    if how == "warn":
        import warnings

        warnings.warn("one", stacklevel=1)
        warnings.warn("two", stacklevel=2)
    if how == "chain":
        try:
            1 / 0
        except Exception as error:
            raise RuntimeError("y") from error
    if how == "excepthook":
        sys.excepthook = lambda t, v, tb: print(t, tb.tb_frame.f_code.co_name, tb.tb_next is None)
        raise ValueError
    if how == "abort":
        sys.stdout.flush()
        os.abort()
    if how == "pickle":
        import pickle

        print(pickle.loads(pickle.dumps(observe)) is observe, pickle.dumps(observe))
    if how == "unraisable":
        class Late:
            def __del__(self):
                raise ValueError("late")

        Late()
    if how == "thread":
        import threading

        t = threading.Thread(target=helper.divide, args=(0,), name="t")
        t.start()
        t.join()
    if how == "recursion":
        try:
            recurse(0)
        except RecursionError as error:
            print(error)


if __name__ == "__main__":
    print(json.dumps(observe(), sort_keys=True, indent=0))
    main(sys.argv[1] if len(sys.argv) > 1 else "")
