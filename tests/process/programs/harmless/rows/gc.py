import gc, shop

gc.collect()
gc.freeze()
print("frozen", gc.get_freeze_count() > 0, [o for o in gc.get_objects() if "podcov" in str(type(o))])
gc.unfreeze()
print(gc.garbage, gc.get_threshold(), gc.callbacks, gc.isenabled())
import late

names = weak = {type(o).__name__ for o in gc.get_referrers(late.f.__code__)}
print(sorted(names), gc.is_tracked(late.f))
