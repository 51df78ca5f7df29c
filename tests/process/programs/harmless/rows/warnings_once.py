import importlib, sys, warnings

warnings.simplefilter("once")
warnings.simplefilter("error", ResourceWarning)
import warns

importlib.reload(warns)
print("filters", warnings.filters[:3], sorted(vars(warns).get("__warningregistry__", {}), key=str))
