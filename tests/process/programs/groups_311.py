"""except*, and positions in tracebacks."""
import traceback


def handled(*errors):
    try:
        if errors: raise ExceptionGroup("g", errors)
    except* ValueError:
        r = [1]
    except* (KeyError,
             OSError) as e:
        r = [2]
        r.append(len(e.exceptions))
    except* TypeError: r = [3]
    else:
        r = [4]
    finally:
        r.append(5)
    return r


def rest():
    try:
        try:
            raise ExceptionGroup("g", [ValueError(), KeyError()])
        except* ValueError:
            pass
    except ExceptionGroup as e:
        return e.exceptions


def decides(n):
    try:
        raise ExceptionGroup("g", [ValueError()])
    except* KeyError:
        n = 3
    except* (ValueError,
             OSError) as e:
        if n:  # only ours to -32: 3.11 3.14
            n = 2


def leads_to_the_next(n):
    try:
        raise ExceptionGroup("g", [KeyError(), ValueError()])
    except* KeyError:
        for i in range(n):  # only ours to -43: 3.11 3.12 3.13 3.14
            i = 1
    except* ValueError:
        i = 2


def passes_through_a_with(n):
    with open(__file__):
        try:
            raise ExceptionGroup("g", [KeyError(), ValueError()])
        except* KeyError:
            for i in range(n):  # only coverage to 60: 3.11 3.12 3.13 3.14
                i = 1
    return n


def carets():
    try:
        return ([1, 2][0] + [3][
            7])
    except IndexError:
        return traceback.format_exc().replace(__file__, "here")


def ended(function, n):
    try:
        return function(n)
    except ExceptionGroup as e:
        return e.exceptions


def run():
    return (handled(), handled(ValueError(), KeyError()), handled(TypeError()),
            handled(ValueError()), rest(), carets(), decides(0),
            leads_to_the_next(1), ended(passes_through_a_with, 1))
