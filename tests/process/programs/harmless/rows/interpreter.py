import code

console = code.InteractiveInterpreter()
console.runsource("import shop; print('console', shop.price(3)); shop.chained()")
