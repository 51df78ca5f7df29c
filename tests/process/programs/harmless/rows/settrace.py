import sys

seen = []


def watch(frame, event, arg):
    if frame.f_code.co_filename.endswith(("shop.py", "late.py")):
        seen.append((frame.f_code.co_name, event, frame.f_lineno, type(arg)))
    return watch


sys.settrace(watch)
import shop, late

shop.price(3)
next(shop.numbers())
try:
    shop.chained()
except KeyError:
    pass
sys.settrace(None)
print("traced", len(seen), seen)
