"""
>>> f(2)
4
>>> f(3)
7
>>> f({})
Traceback (most recent call last):
  ...
TypeError: no
"""


def f(n):
    """
    >>> f(1)
    2
    """
    return n * 2
