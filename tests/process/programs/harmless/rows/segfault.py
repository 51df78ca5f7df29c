import ctypes, faulthandler, resource, shop

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
faulthandler.enable()
ctypes.string_at(0)
