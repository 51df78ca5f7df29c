"""`bytecode` takes live code apart and makes it again."""
import bytecode
import shop

code = bytecode.Bytecode.from_code(shop.price.__code__)
shop.price.__code__ = code.to_code()
print(shop.price(4))
blocks = bytecode.ControlFlowGraph.from_bytecode(bytecode.Bytecode.from_code(shop.price.__code__))
shop.price.__code__ = blocks.to_bytecode().to_code()
print(shop.price(5))
