#!/bin/sh
# Compiles the map in C for this machine's CPU: native/linemap-<uname -m>.abi3.so, beside its source.
# For another CPU, say what `uname -m` says there, and name a compiler for it.
#
#   [CC=cc] [PYTHON=python3] sh build.sh
#   MACHINE=aarch64 CC=aarch64-linux-gnu-gcc [PYTHON=python3] sh build.sh
#
# Needs a C compiler and the headers of any CPython from 3.8 on. One file serves every version and
# every libc: it is linked to no library. Called by `make native` and by Dockerfile.agent.
set -eu
include=$("${PYTHON:-python3}" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
if ! [ -f "$include/Python.h" ]; then
    echo "no Python.h in $include: install the headers (python3-dev), or set PYTHON" >&2
    exit 1
fi
cd "$(dirname "$0")"
file=linemap-${MACHINE:-$(uname -m)}.abi3.so
"${CC:-cc}" -std=c99 -O2 -Wall -Wextra -Werror -fPIC -fvisibility=hidden -fno-stack-protector \
    -fno-asynchronous-unwind-tables -shared -nostdlib -Wl,-s -Wl,-z,noexecstack \
    -Wl,-z,noseparate-code -Wl,--build-id=none -isystem "$include" linemap.c exec.c -o "$file.$$"
mv "$file.$$" "$file"  # in one step: a process may have the old one mapped
