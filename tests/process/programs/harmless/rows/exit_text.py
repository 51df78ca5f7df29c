import shop, sys

sys.exit("text of %d" % shop.price(4))
