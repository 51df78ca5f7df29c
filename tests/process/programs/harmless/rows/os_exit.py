import os, shop

print("lost in the buffer")
os._exit(shop.price(4))
