import traceback

try:
    import bad
except SyntaxError:
    traceback.print_exc()
import bad
