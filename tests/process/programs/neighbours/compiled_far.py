import numba
import numbers_far as far

try:
    print(numba.njit(far.price)(10), numba.njit(far.branchy)(3), numba.njit(far.branchy)(-7))
    print(numba.njit(far.caught)(0), numba.njit(far.caught)(4), numba.njit(far.outer)(3))
    print(far.price(3))
except numba.core.errors.TypingError:
    print("TypingError")
