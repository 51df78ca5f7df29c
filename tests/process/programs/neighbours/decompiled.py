"""xdis reads live code."""
import shop
from xdis.std import Bytecode, code_info

print(any(i.opname == "FOR_ITER" for i in Bytecode(shop.price.__code__)), "total" in code_info(shop.price))
