/* `exec` as the application calls it: before code of a whole file runs, Python is asked for code with
   marks in its place.

   Nothing about it may differ otherwise. So there is no frame of ours between the caller and what
   runs, as a function in Python would have; the original is called by its C function, which costs no
   level of recursion; and the object is one that repr, pickle and inspect take for `exec` itself. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03080000
#include <Python.h>

#include "exec.h"

/* How `exec` takes its arguments; the limited API of 3.8 does not have these names yet. */
#define FASTCALL 0x0080
typedef PyObject *(*Fast)(PyObject *, PyObject *const *, Py_ssize_t);
typedef PyObject *(*FastKeywords)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);

enum { MOST_ARGUMENTS = 4 };

/* One for each interpreter, known by its module builtins, which is the function's `self`: there is
   nothing else to know it by. Two interpreters that begin at once may lose one of theirs; code that
   is executed there stays plain. */
typedef struct Watch {
    PyObject *builtins, *decide;
    PyTypeObject *code, *probe;
    struct Watch *next;
} Watch;

static Watch *watches;
static void (*original)(void);

static PyObject *call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    return ((FastKeywords)original)(self, args, count, names);
}

static PyObject *call_positional(PyObject *self, PyObject *const *args, Py_ssize_t count,
                                 PyObject *names) {
    (void)names;
    return ((Fast)original)(self, args, count);
}

/* Has the code a probe among its own constants? 1, 0; -1: an exception. */
static int is_marked(const Watch *watch, PyObject *code) {
    PyObject *constants = PyObject_GetAttrString(code, "co_consts");
    if (!constants)
        return -1;
    int found = 0;
    for (Py_ssize_t i = 0; !found && i < PyTuple_Size(constants); i++)
        found = Py_TYPE(PyTuple_GetItem(constants, i)) == watch->probe;
    Py_DECREF(constants);
    return found;
}

/* Code to run in place of `code`, which may be itself. A stack that is nearly full has room for the
   application, not for us. */
static PyObject *decide(const Watch *watch, PyObject *code) {
    int marked = is_marked(watch, code);
    PyObject *better = marked ? NULL : PyObject_CallFunctionObjArgs(watch->decide, code, NULL);
    if (better || (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_RecursionError)))
        return better;
    PyErr_Clear();
    Py_INCREF(code);
    return code;
}

static PyObject *execute(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names,
                         FastKeywords run) {
    Py_ssize_t all = count + (names ? PyTuple_Size(names) : 0);
    const Watch *watch = watches;
    while (watch && watch->builtins != self)
        watch = watch->next;
    if (!watch || count < 1 || all > MOST_ARGUMENTS || Py_TYPE(args[0]) != watch->code)
        return run(self, args, count, names);
    PyObject *copy[MOST_ARGUMENTS];
    for (Py_ssize_t i = 1; i < all; i++)
        copy[i] = args[i];
    copy[0] = decide(watch, args[0]);
    if (!copy[0])
        return NULL;
    PyObject *result = run(self, copy, count, names);
    Py_DECREF(copy[0]);
    return result;
}

static PyObject *execute_keywords(PyObject *self, PyObject *const *args, Py_ssize_t count,
                                  PyObject *names) {
    return execute(self, args, count, names, call);
}

static PyObject *execute_positional(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    return execute(self, args, count, NULL, call_positional);
}

/* watch_exec(builtins, exec, doc, code type, decide): what to put in the place of `exec`, or None
   where that is no function of the kind we know. `doc` is what a C function's doc is made of. */
PyObject *watch_exec(PyTypeObject *probe, PyObject *args) {
    PyObject *builtins, *exec, *doc, *code, *decide;
    if (!PyArg_ParseTuple(args, "OOSOO", &builtins, &exec, &doc, &code, &decide))
        return NULL;
    int flags = Py_TYPE(exec) == &PyCFunction_Type ? PyCFunction_GetFlags(exec) : 0;
    int known = flags == FASTCALL || flags == (FASTCALL | METH_KEYWORDS);
    if (!known || PyCFunction_GetSelf(exec) != builtins) {
        Py_INCREF(Py_None);
        return Py_None;
    }
    Watch *watch = PyMem_Malloc(sizeof(Watch));
    PyMethodDef *method = PyMem_Malloc(sizeof(PyMethodDef));
    PyObject *module = PyObject_GetAttrString(exec, "__module__");
    if (!watch || !method || !module)
        return PyErr_NoMemory();
    Py_INCREF(doc), Py_INCREF(builtins), Py_INCREF(decide), Py_INCREF(code);
    *watch = (Watch){builtins, decide, (PyTypeObject *)code, probe, watches};
    int positional = flags == FASTCALL;
    void (*function)(void) =
        positional ? (void (*)(void))execute_positional : (void (*)(void))execute_keywords;
    *method = (PyMethodDef){"exec", (PyCFunction)function, flags, PyBytes_AsString(doc)};
    original = (void (*)(void))PyCFunction_GetFunction(exec);
    watches = watch;
    return PyCFunction_NewEx(method, builtins, module);
}
