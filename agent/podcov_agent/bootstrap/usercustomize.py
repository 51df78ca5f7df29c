"""The second doorway: `site` imports this after sitecustomize, unless user sites are switched off.

Found only where our sitecustomize did not run, as it takes this folder from sys.path: another one
stands before it and runs no other. Does the same as that file, and then makes way for the user's
own usercustomize. Must parse in any Python since 2.7.
"""

import os

_path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sitecustomize.py")
with open(_path) as _file:
    exec(compile(_file.read(), _path, "exec"), {"__name__": __name__, "__file__": _path})
