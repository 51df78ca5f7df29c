/* The map of one chunk, and the probes that mark its bytes: what a measured line costs.

   Owns the mapping of a chunk into the process, and one object per line that code objects hold as
   a constant. `-probe`, or `0 in probe` from 3.14 on, marks the line: a load, and a store only the
   first time, so that a line that ran before dirties no cache line which other processes read. It
   never raises and never allocates.

   Must not depend on a libc, on a version of Python, or on anything that can be taken away: the
   limited API of 3.8, no library (mmap is found in the process, whichever libc that has), no
   descriptor, no thread, and no global variable but those of exec.c. Nothing here is ever freed or
   unmapped: whoever still holds a code object may run it at any time, even while the interpreter
   ends.

   Loaded by nativemap.py; without it the agent does the same in Python (pymap.py), and so does the
   sidecar (chunk.py), for which a map reads all bytes at once and clears some. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03080000
#include <Python.h>
#include <sys/mman.h>

#include "exec.h"

/* By its plain name: mmap64, which the headers of glibc put in its place, is glibc's alone. */
extern void *map_memory(void *, size_t, int, int, int, long) __asm__("mmap");

/* An int of value 0, so that compilers of byte code, as numba is, take it for a number and drop its
   minus. `tag` is where an int has its sign and size. An int of no digits needs none, and CPython
   reads the first one only to multiply it by a sign of 0: its place is taken for the address. */
typedef struct {
    PyObject_HEAD
    size_t tag;
    unsigned char *byte;
} Probe;

typedef struct {
    PyObject_HEAD
    unsigned char *bytes;
    Py_ssize_t size;
    Probe **blocks; /* a probe for each byte: a line has the same object whenever it is loaded */
    PyTypeObject *probe_type;
} Map;

typedef struct {
    PyTypeObject *map_type;
    PyTypeObject *probe_type;
} State;

/* Both types ------------------------------------------------------------------------------------ */

static PyObject *itself(PyObject *self, PyObject *arguments) {
    (void)arguments;
    Py_INCREF(self);
    return self;
}

/* 8 of "3.8.18 (default, ...", 12 of "3.12.1 (main, ...". */
static int minor_version(void) {
    const char *minor = Py_GetVersion() + 2;
    return minor[1] == '.' ? minor[0] - '0' : (minor[0] - '0') * 10 + minor[1] - '0';
}

/* Elsewhere, without the agent, a probe is the number 0 or, from 3.14 on, an empty string of bytes:
   `-0` and `0 in b""` do nothing, and are false as well. */
static PyObject *reduce(PyObject *self, PyObject *arguments) {
    (void)self, (void)arguments;
    PyTypeObject *type = minor_version() < 14 ? &PyLong_Type : &PyBytes_Type;
    return Py_BuildValue("(O())", (PyObject *)type);
}

static PyObject *refuse(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)type, (void)args, (void)kwargs;
    PyErr_SetString(PyExc_TypeError, "only the agent makes these");
    return NULL;
}

static void keep(PyObject *self) { (void)self; }

/* Probes ---------------------------------------------------------------------------------------- */

static PyObject *probe_mark(PyObject *self) {
    unsigned char *byte = ((Probe *)self)->byte;
    if (!*byte)
        *byte = 1;
    Py_INCREF(self);
    return self;
}

/* `0 in probe` */
static int probe_contains(PyObject *self, PyObject *number) {
    unsigned char *byte = ((Probe *)self)->byte;
    (void)number;
    if (!*byte)
        *byte = 1;
    return 0;
}

/* What marshal writes of an object that it does not know: its bytes. There are none. The limited
   API has this from 3.11 on only. */
extern int PyBuffer_FillInfo(void *, PyObject *, void *, Py_ssize_t, int, int);
enum { bf_getbuffer = 1 };

static int probe_buffer(PyObject *self, void *view, int flags) {
    return PyBuffer_FillInfo(view, self, "", 0, 1, flags);
}

/* `-probe or T` is T, and a case whose guard is `-probe` is never taken. */
static int probe_bool(PyObject *self) {
    (void)self;
    return 0;
}

/* Not as numbers: tools that rewrite code put constants that are equal into one place. */
static Py_hash_t probe_hash(PyObject *self) { return (Py_hash_t)((size_t)self >> 3); }

static PyObject *probe_compare(PyObject *self, PyObject *other, int how) {
    PyObject *answer = Py_NotImplemented;
    if (how == Py_EQ || how == Py_NE)
        answer = (self == other) == (how == Py_EQ) ? Py_True : Py_False;
    Py_INCREF(answer);
    return answer;
}

static PyMethodDef methods_of_probes[] = {
    {"__reduce__", reduce, METH_NOARGS, NULL},
    {"__copy__", itself, METH_NOARGS, NULL},
    {"__deepcopy__", itself, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot probe_slots[] = {
    {Py_nb_negative, probe_mark},
    {Py_nb_bool, probe_bool},
    {Py_tp_hash, probe_hash},
    {Py_tp_richcompare, probe_compare},
    {Py_tp_methods, methods_of_probes},
    {Py_tp_new, refuse},
    {Py_tp_dealloc, keep},
    {0, NULL},
};

static PyType_Slot probe_slots_314[] = {
    {Py_sq_contains, probe_contains},
    {bf_getbuffer, probe_buffer},
    {Py_tp_methods, methods_of_probes},
    {Py_tp_new, refuse},
    {Py_tp_dealloc, keep},
    {0, NULL},
};

static PyType_Spec probe_spec = {"podcov_agent.Probe", 0, 0, Py_TPFLAGS_DEFAULT, probe_slots};
static PyType_Spec probe_spec_314 = {
    "podcov_agent.Probe", sizeof(Probe), 0, Py_TPFLAGS_DEFAULT, probe_slots_314};

/* Maps ------------------------------------------------------------------------------------------ */

/* Probes are made by the block: an application may have a limit on its address space. */
enum { BLOCK = 4096 };

static void *map_zeros(size_t size) {
    int lazily = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *zeros = map_memory(NULL, size, PROT_READ | PROT_WRITE, lazily, -1, 0);
    return zeros == MAP_FAILED ? PyErr_NoMemory() : zeros;
}

static PyObject *probe_at(Map *map, Py_ssize_t index) {
    if (index < 0 || index >= map->size) {
        PyErr_SetString(PyExc_IndexError, "a line outside of its chunk");
        return NULL;
    }
    Probe **block = &map->blocks[index / BLOCK];
    if (!*block && !(*block = map_zeros(BLOCK * sizeof(Probe))))
        return NULL;
    Probe *probe = &(*block)[index % BLOCK];
    if (!probe->byte) {
        PyObject_Init((PyObject *)probe, map->probe_type); /* this reference is never given back */
        probe->tag = ((Probe *)Py_False)->tag; /* an int of value 0 that is no plain int, too */
        probe->byte = &map->bytes[index];
    }
    Py_INCREF((PyObject *)probe);
    return (PyObject *)probe;
}

/* The line of the placeholder `(mark, line)`; -1: this is another constant; -2: an exception. */
static Py_ssize_t line_of(PyObject *constant, PyObject *mark) {
    if (Py_TYPE(constant) != &PyTuple_Type || PyTuple_Size(constant) != 2)
        return -1;
    int equal = PyObject_RichCompareBool(PyTuple_GetItem(constant, 0), mark, Py_EQ);
    if (equal <= 0)
        return equal - 1;
    Py_ssize_t line = PyLong_AsSsize_t(PyTuple_GetItem(constant, 1));
    return line < 0 ? -2 : line;
}

/* fill(constants, mark, base): the tuple with a probe of byte `base + line` for each placeholder. */
static PyObject *map_fill(PyObject *self, PyObject *args) {
    PyObject *constants, *mark;
    Py_ssize_t base;
    if (!PyArg_ParseTuple(args, "O!On", &PyTuple_Type, &constants, &mark, &base))
        return NULL;
    Py_ssize_t count = PyTuple_Size(constants);
    PyObject *filled = PyTuple_New(count);
    for (Py_ssize_t i = 0; filled && i < count; i++) {
        PyObject *constant = PyTuple_GetItem(constants, i);
        Py_ssize_t line = line_of(constant, mark);
        if (line == -1)
            Py_INCREF(constant);
        else
            constant = line < 0 ? NULL : probe_at((Map *)self, base + line);
        if (!constant) {
            Py_DECREF(filled);
            return NULL;
        }
        PyTuple_SetItem(filled, i, constant);
    }
    return filled;
}

static Py_ssize_t number_at(const char *table) {
    const unsigned char *b = (const unsigned char *)table;
    return b[0] | b[1] << 8 | b[2] << 16 | (Py_ssize_t)b[3] << 24;
}

/* Put probes into the constants of `code` and of all code within. 0, or -1 with an exception. */
static int plant(Map *map, PyObject *code, Py_ssize_t base) {
    PyObject *constants = PyObject_GetAttrString(code, "co_consts");
    if (!constants)
        return -1;
    Py_DECREF(constants); /* PyTuple_SetItem writes only where the code has the only reference */
    Py_ssize_t last = PyTuple_Size(constants) - 1, size;
    int failed = 0;
    char *table;
    PyObject *tail = PyTuple_GetItem(constants, last);
    if (!tail || PyBytes_AsStringAndSize(tail, &table, &size) < 0)
        return -1;
    for (Py_ssize_t i = 0; !failed && i + 8 <= size; i += 8) {
        PyObject *probe = probe_at(map, base + number_at(table + i + 4));
        failed = !probe || PyTuple_SetItem(constants, number_at(table + i), probe) < 0;
    }
    for (Py_ssize_t i = 0; !failed && i < last; i++) {
        PyObject *constant = PyTuple_GetItem(constants, i);
        failed = Py_TYPE(constant) == Py_TYPE(code) && plant(map, constant, base) < 0;
    }
    if (failed)
        return -1;
    Py_INCREF(Py_None);
    return PyTuple_SetItem(constants, last, Py_None);
}

/* plant(code, base): make packed code ready to run, in place. For code that nobody else has seen,
   fresh from marshal: making new code objects would take most of the time of a warm import. */
static PyObject *map_plant(PyObject *self, PyObject *args) {
    PyObject *code;
    Py_ssize_t base;
    if (!PyArg_ParseTuple(args, "On", &code, &base) || plant((Map *)self, code, base) < 0)
        return NULL;
    Py_INCREF(Py_None);
    return Py_None;
}

/* A bit for each of eight bytes that is 1. The product moves the lowest bit of byte n to 56 + n. */
static unsigned char bits_of(const unsigned char *bytes) {
    const unsigned long long ones = 0x0101010101010101;
    unsigned long long eight;
    __builtin_memcpy(&eight, bytes, 8);
    if (!(eight & ~ones)) {
        if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
            eight = __builtin_bswap64(eight);
        return (unsigned char)(eight * 0x0102040810204080 >> 56);
    }
    unsigned char found = 0;
    for (int n = 0; n < 8; n++)
        found |= (unsigned char)((bytes[n] == 1) << n);
    return found;
}

/* bits(): a bit for each byte of the map, set where the byte is 1: bit n % 8 of byte n / 8. */
static PyObject *map_bits(PyObject *self, PyObject *arguments) {
    (void)arguments;
    Map *map = (Map *)self;
    PyObject *bits = PyBytes_FromStringAndSize(NULL, map->size / 8);
    if (!bits)
        return NULL;
    unsigned char *packed = (unsigned char *)PyBytes_AsString(bits);
    for (Py_ssize_t i = 0; i < map->size / 8; i++)
        packed[i] = bits_of(&map->bytes[i * 8]);
    return bits;
}

/* clear(bits): write 0 to the bytes whose bits are set, and not a byte beside them, for others may
   be marked at this moment. So the compiler must not make wider stores of these. */
static PyObject *map_clear(PyObject *self, PyObject *bits) {
    Map *map = (Map *)self;
    volatile unsigned char *bytes = map->bytes;
    char *packed;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(bits, &packed, &size) < 0)
        return NULL;
    if (size * 8 > map->size) {
        PyErr_SetString(PyExc_ValueError, "more bits than the map has bytes");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < size; i++)
        for (unsigned left = (unsigned char)packed[i]; left; left &= left - 1)
            bytes[i * 8 + __builtin_ctz(left)] = 0;
    Py_INCREF(Py_None);
    return Py_None;
}

static PyMethodDef methods_of_maps[] = {
    {"bits", map_bits, METH_NOARGS, NULL},
    {"clear", map_clear, METH_O, NULL},
    {"fill", map_fill, METH_VARARGS, NULL},
    {"plant", map_plant, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot map_slots[] = {
    {Py_tp_methods, methods_of_maps},
    {Py_tp_new, refuse},
    {Py_tp_dealloc, keep},
    {0, NULL},
};

static PyType_Spec map_spec = {"podcov_agent.Map", sizeof(Map), 0, Py_TPFLAGS_DEFAULT, map_slots};

/* map_descriptor(fd, size): a map of the first `size` bytes of the file, which may be closed. */
static PyObject *map_descriptor(PyObject *module, PyObject *args) {
    State *state = PyModule_GetState(module);
    int fd;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "in", &fd, &size))
        return NULL;
    void *bytes = map_memory(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return PyErr_SetFromErrno(PyExc_OSError);
    Probe **blocks = map_zeros((size / BLOCK + 1) * sizeof(Probe *));
    if (!blocks) {
        munmap(bytes, size);
        return NULL;
    }
    Map *map = PyObject_New(Map, state->map_type);
    if (!map)
        return NULL;
    map->bytes = bytes;
    map->size = size;
    map->blocks = blocks;
    map->probe_type = state->probe_type;
    return (PyObject *)map;
}

/* The module ------------------------------------------------------------------------------------ */

static int make_types(PyObject *module) {
    State *state = PyModule_GetState(module);
    int is_old = minor_version() < 14;
    state->map_type = (PyTypeObject *)PyType_FromSpec(&map_spec);
    PyObject *bases = PyTuple_Pack(1, (PyObject *)&PyLong_Type);
    if (!bases)
        return -1;
    state->probe_type = (PyTypeObject *)(is_old ? PyType_FromSpecWithBases(&probe_spec, bases)
                                                : PyType_FromSpec(&probe_spec_314));
    Py_DECREF(bases);
    return state->map_type && state->probe_type ? 0 : -1;
}

static PyObject *watch(PyObject *module, PyObject *args) {
    return watch_exec(((State *)PyModule_GetState(module))->probe_type, args);
}

static PyMethodDef functions[] = {
    {"map_descriptor", map_descriptor, METH_VARARGS, NULL},
    {"watch_exec", watch, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{Py_mod_exec, make_types}, {0, NULL}};

/* From 3.12 on an interpreter with a GIL of its own takes only modules that say they are fit for
   it; before, that slot is an error. Its number and value are part of the stable ABI. */
static PyModuleDef_Slot slots_312[] = {{Py_mod_exec, make_types}, {3, (void *)2}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "linemap", NULL, sizeof(State), functions, slots, NULL, NULL, NULL};
static PyModuleDef definition_312 = {
    PyModuleDef_HEAD_INIT, "linemap", NULL, sizeof(State), functions, slots_312, NULL, NULL, NULL};

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit_linemap(void) {
    return PyModuleDef_Init(minor_version() < 12 ? &definition : &definition_312);
}
