import ctypes, faulthandler, resource, shop, sys

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
faulthandler.enable(**({"c_stack": False} if sys.version_info >= (3, 14) else {}))
ctypes.string_at(0)
