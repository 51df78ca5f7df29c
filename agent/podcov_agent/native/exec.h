/* What linemap.c has from exec.c. */
PyObject *watch_exec(PyTypeObject *probe, PyObject *args);
