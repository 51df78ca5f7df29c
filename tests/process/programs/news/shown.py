"""A traceback with everything that is shown in colours."""
import work


def outer(n):
    return [work.step(i) for i in range(n)] + (
        n.nowhere)


try:
    outer(1)
except AttributeError as error:
    error.add_note("a note")
    raise ExceptionGroup("several", [error, KeyError(1)]) from error
