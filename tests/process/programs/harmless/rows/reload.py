import importlib, late

old = late.f
print("reloaded", importlib.reload(late) is late, old is late.f, old.__code__ == late.f.__code__)
