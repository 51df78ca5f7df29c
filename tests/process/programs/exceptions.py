"""try, except, else, finally."""
LOG = []


def chosen(error):
    try:
        if error: raise error
    except (KeyError,
            IndexError):
        r = 1
    except ValueError as e:
        r = 2
    except TypeError: r = 3
    except (
        OSError
    ) as e:
        r = 4
    except:
        r = 5
    else:
        r = 6
    finally:
        LOG.append(error)
    return r


def bare():
    try:
        1 / 0
    except: pass
    try:
        pass
    except: LOG.append("never")
    try:
        1 / 0
    except:
        # a comment first
        r = 1
    return r


def raising_type():
    raise LookupError


def type_raises():
    try:
        try:
            1 / 0
        except raising_type():
            LOG.append("never")
        except ZeroDivisionError:
            LOG.append("never")
    except LookupError:
        return 1


def not_matched():
    try:
        try:
            1 / 0
        except KeyError:
            LOG.append("never")
        except (ValueError,
                TypeError):
            LOG.append("never")
    except ArithmeticError as e:
        return type(e.__context__)


def chained():
    try:
        try:
            raise KeyError
        except KeyError as e:
            raise TypeError from e
        finally:
            LOG.append(1)
    except TypeError as e:
        return type(e.__cause__).__name__


def reraised():
    try:
        try:
            raise KeyError(1)
        except KeyError:
            raise
    except KeyError as e:
        return e.args


def finals(n):
    for i in range(3):
        try:
            if i == n:
                continue
            if n == 5:
                break
            if n == 6:
                return "returned"
        finally:
            LOG.append(i)
    try:
        return "end"
    finally:
        LOG.append("finally")


def swallowed():
    while True:
        try:
            1 / 0
        finally:
            break
    return "swallowed"


def returned_over():
    try:
        return 1
    finally:
        return 2


def only_finally():
    try: pass
    finally: LOG.append(2)


def booked_on_a_pass(condition=False):
    try:
        {}[1]
    finally:
        if condition:  # only coverage to 136: 3.8 3.9 3.10 3.11 # only ours to -131: 3.8 3.9 3.10 3.11
            pass  # only coverage: 3.8 3.9 3.10 3.11


def elses():
    try:
        pass
    except ValueError:
        return 1
    else: return 2


def in_else():
    try:
        try:
            pass
        except ZeroDivisionError:
            return "never"
        else:
            1 / 0
        finally:
            LOG.append(3)
    except ZeroDivisionError:
        return "outer"


def nested_in_handler():
    try:
        1 / 0
    except ZeroDivisionError:
        try:
            {}[1]
        except KeyError:
            try: raise ValueError
            except ValueError: pass
            finally:
                r = 1
    return r


def import_fallback():
    try: import nowhere_to_be_found
    except ImportError: nowhere_to_be_found = None
    return nowhere_to_be_found


def run():
    out = []
    for e in (None, KeyError(), ValueError(), TypeError(), OSError(), RuntimeError()):
        out.append(chosen(e))
    out += [bare(), type_raises(), not_matched(), chained(), reraised()]
    out += [finals(1), finals(5), finals(6), finals(7), swallowed(), returned_over()]
    try: booked_on_a_pass()
    except KeyError: out.append("left")
    out += [only_finally(), elses(), in_else(), nested_in_handler(), import_fallback()]
    return out
