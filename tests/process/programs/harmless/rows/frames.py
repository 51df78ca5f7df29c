import shop, sys


def stack():
    frame, found = sys._getframe(), []
    while frame:
        found.append((frame.f_code.co_name, frame.f_lineno, sorted(frame.f_locals)[:3]))
        frame = frame.f_back
    return found


print("stack", stack())
try:
    shop.deep(2)
except ZeroDivisionError as error:
    place = error.__traceback__
    while place:
        code = place.tb_frame.f_code
        at = list(code.co_positions())[place.tb_lasti // 2] if hasattr(code, "co_positions") else None
        print(place.tb_lineno, code.co_name, getattr(code, "co_qualname", None), at)
        place = place.tb_next
