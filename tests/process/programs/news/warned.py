"""Jumps out of a finally, of which the compiler warns."""


def leaves(n):
    for i in range(n):
        try:
            1 / i
        finally:
            if i:
                break
            continue
    return n


print(leaves(3))
import work  # after it
