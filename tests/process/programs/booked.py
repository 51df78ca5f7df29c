"""What the compiler books on the line before it, so that tracing takes it for a run of that line."""


def a_handler_is_left(n):
    try:
        raise KeyError
    except KeyError as error:
        if n:
            raise ValueError
        n = error  # only coverage: 3.9


def a_dead_branch(n):
    try:
        if not None:
            n = 1
        else:
            n = 2  # only coverage: 3.8 3.9
    finally:
        n += 1
    return n


def a_statement_without_code(n):
    try:
        if n:  # only coverage to 27: 3.8  # only ours to 29: 3.8
            ...  # only coverage: 3.8
    finally:
        n = 1
    try:
        if n:
            if not n: return n  # only ours to 33: 3.8
            ...  # only ours: 3.8
        else: pass  # only coverage: 3.8 3.9
    finally:
        n = 2


def code_behind_a_jump(n):
    try:
        raise KeyError; n = 1  # only coverage to 42: 3.9 3.10 3.11 3.12 3.13 3.14
    except KeyError:
        n = 2
    return n


def a_handler_and_an_else(n):
    try:
        try:
            raise KeyError
        except BaseException as error:
            n = error
        else:
            (n,  # only coverage: 3.8 3.9
             *m) = 1, 2
    finally:
        m = 1


def an_annotation_ends_a_finally(n):
    try:
        n = 1
    finally:
        n = 2
        x: int  # only ours: 3.10 3.11
    return n


def an_assignment_over_lines(n):
    if n:
        m = 1
    else:
        if not n:
            m = 2
            (n,
             *m) = 1, 2, 3
    if n:
        m = 3
    else:
        if not n:
            (n,  # only coverage: 3.8 3.9
             *m) = 1, 2, 3


def a_class_is_left_by_an_exception(n):
    n = 0
    class C:
        try:
            del n
        finally:
            n = 1  # only ours: 3.9


class Twice:
    left = 2

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.left -= 1
        if self.left < 0:
            raise StopAsyncIteration


async def behind_a_jump():
    for i in range(2):
        async for i in Twice():  # only ours to 107: 3.9
            continue
            break  # only coverage: 3.9


def a_break_and_a_raise(n):
    try:
        for i in range(n):  # only ours to 118: 3.14
            if i:
                break
        raise ValueError  # only ours: 3.14
    except ValueError:
        return n


def a_return_ends_a_try(n):
    try:
        if n:  # only coverage to 126: 3.9  # only ours to 128: 3.9
            return 1  # only coverage: 3.9
    finally:
        return n


class Waits:
    def __aiter__(self):
        return self

    def __anext__(self):
        return self

    def __await__(self):
        yield


async def an_else_after_a_cancellation():
    async for i in Waits():  # only coverage to 146: 3.9
        break
    else:
        return i  # only coverage: 3.9


def cancelled(coroutine):
    coroutine.send(None)
    return coroutine.throw(ValueError)


def outcome(function, *args):
    try:
        return function(*args)
    except (ValueError, NameError) as error:
        return repr(error)


def run():
    try: behind_a_jump().send(None)
    except StopIteration: pass
    out = outcome(a_handler_is_left, 1)
    return out, a_dead_branch(0), a_statement_without_code(0), code_behind_a_jump(0), \
        a_handler_and_an_else(0), an_annotation_ends_a_finally(0), an_assignment_over_lines(1), \
        outcome(a_class_is_left_by_an_exception, 1), a_break_and_a_raise(1), \
        a_return_ends_a_try(0), outcome(cancelled, an_else_after_a_cancellation())
