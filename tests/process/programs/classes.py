"""Class bodies, metaclasses, cells."""


class Empty: pass


class Documented:
    """doc
    of two lines"""


class DocumentedAndMore:
    """doc"""
    a = 1
    b: int = 2
    c: int
    def f(self): return self.a
    async def g(self): pass
    if a:
        d = 4
    elif b: d = 5
    else:
        d = 6
    for e in range(2):
        pass
    class Inner: x = 1; y = 2
    try:
        nowhere
    except NameError:
        z = 1
    del e


class Meta(type):
    @classmethod
    def __prepare__(
            mcs, name, bases, **kwargs):
        return {}

    def __new__(mcs, name, bases, body, **kwargs):
        return super().__new__(mcs, name, bases, body)

    def __init__(cls, name, bases, body, **kwargs):
        super().__init__(name, bases, body)


class WithMeta(DocumentedAndMore,
               metaclass=Meta,
               option=1):
    __slots__ = ()

    def f(self):
        return __class__, super().f()

    def __private(self):
        return 1

    def mangled(self):
        __local = self.__private()
        return __local


class Subclassed:
    def __init_subclass__(cls, /, option=None):
        cls.option = option

    def __set_name__(self, owner, name):
        self.name = name


class Sub(Subclassed, option=(
        1)):
    attribute = Subclassed()


def local():
    n = 1
    class Local:
        nonlocal n
        n = 2
        m = n
        def f(self): return n
    return Local().f(), Local.m, n


def run():
    w = WithMeta()
    return (
        w.f()[1], w.mangled(), Sub.option, Sub.attribute.name, local(), Documented.__doc__,
        sorted(k for k in vars(DocumentedAndMore) if not k.startswith("__")),
        Empty.__doc__, WithMeta.__doc__,
    )
