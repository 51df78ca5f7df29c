import faulthandler, shop, sys, time

faulthandler.dump_traceback_later(0.2, exit=True, file=sys.stderr)
time.sleep(60)
