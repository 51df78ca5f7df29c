import sys

sys.setrecursionlimit(60)
import shop

print(shop.price(3), sys.getrecursionlimit())
sys.setrecursionlimit(1000)
