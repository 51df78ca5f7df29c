import sys

import shop

print(shop.price(3), sys.argv, sorted(globals()))
sys.exit(4)
