import faulthandler, sys


def f():
    faulthandler.dump_traceback(sys.stderr, all_threads=True)


f()
faulthandler.enable()
import late

f()
