import ast, dis, inspect, linecache, shop

tree = ast.parse(inspect.getsource(shop.Item))
print("source", inspect.getsource(shop.price).count("total"), len(ast.dump(tree)))
print(inspect.getdoc(shop.price), inspect.getsourcelines(shop.price)[1], inspect.signature(shop.price))
print(linecache.getline(shop.__file__, 3), inspect.getmodule(shop.price).__name__)
print(sorted({line for _, line in dis.findlinestarts(shop.price.__code__)}))
print(inspect.getclosurevars(shop.deep), shop.price.__code__.co_names)
