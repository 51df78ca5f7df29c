import doctest, documented

print(doctest.testmod(documented))
