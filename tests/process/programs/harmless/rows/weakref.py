"""Whatever is let go is gone."""
import gc, sys, weakref
import late

kept = weakref.ref(late), weakref.ref(late.f), weakref.ref(late.f.__code__)
del late, sys.modules["late"]
gc.collect()
print("gone", [one() for one in kept])
