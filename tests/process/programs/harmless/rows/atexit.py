import atexit, shop, weakref

for n in range(3):
    atexit.register(print, "exit", n)


class Thing:
    pass


kept = Thing()
weakref.finalize(kept, print, "finalized")
shop.kept = kept
import late

late.kept = type("Kept", (), {"__del__": lambda self: print("deleted", late is not None)})()
