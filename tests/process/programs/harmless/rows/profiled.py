"""cProfile: equal up to times."""
import cProfile, pstats, late, shop

profile = cProfile.Profile()
profile.enable()
shop.price(30)
list(map(shop.price, range(9)))
try:
    shop.deep(4)
except ZeroDivisionError:
    pass
profile.disable()
found = pstats.Stats(profile).stats
print("profile", sorted((key[1:], value[0], value[1]) for key, value in found.items()))
