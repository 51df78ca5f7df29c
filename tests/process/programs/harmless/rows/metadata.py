import importlib.metadata as metadata, pkgutil

print("installed", sorted(str(d.metadata["Name"]) for d in metadata.distributions()))
print(sorted(module.name for module in pkgutil.iter_modules()))
