import numba
import shop

try:
    print(numba.njit(shop.price)(3))
except numba.core.errors.TypingError:
    print("TypingError")
