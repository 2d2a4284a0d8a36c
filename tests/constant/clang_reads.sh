#!/bin/sh
# clang_reads.sh SOURCE_DIRECTORY FILE...: clang checks the constant expressions of files. 77: clang is not there.
clang=clang++-16
if ! command -v "$clang" >/dev/null; then
  echo "skipped: $clang is not installed (package clang-16)"
  exit 77
fi
root=$1
shift
# libstdc++ 12 offers std::expected only to compilers that report these concepts.
exec "$clang" -std=c++2b -fsyntax-only -D__cpp_concepts=202002L -Wno-macro-redefined -Wno-builtin-macro-redefined \
  -D_GNU_SOURCE -I"$root" "$@"
