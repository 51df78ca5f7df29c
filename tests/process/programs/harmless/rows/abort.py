import os, resource, shop

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.abort()
