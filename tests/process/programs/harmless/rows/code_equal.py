import copy, late, shop

a, b = (lambda: 1).__code__, (lambda: 1).__code__
print("equal", a == b, hash(a) == hash(b))


def made():
    def inner():
        return 1

    return inner


one, two = made().__code__, made().__code__
print(one is two, one == one.replace(), hash(one) == hash(one.replace()), len({one, two, a}))
print(one.replace(co_name="x") == one, one.replace(co_consts=one.co_consts) == one)
print(copy.deepcopy(late.f) is late.f, copy.copy(late.f) is late.f)
late.f.__code__ = late.f.__code__.replace(co_firstlineno=70)
print(late.f(), late.f.__code__.co_firstlineno)
