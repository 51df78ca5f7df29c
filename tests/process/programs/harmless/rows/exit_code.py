import shop, sys

sys.exit(shop.price(4))
