#!/bin/sh
# install_test.sh CMAKE BUILD SOURCE: installs into a folder of its own and uses what is there.
set -eu
cmake=$1 build=$2 source=$3
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

fail() { echo "install: $*" >&2; exit 1; }

"$cmake" --install "$build" --prefix "$prefix" >"$prefix/log" 2>&1 || { cat "$prefix/log"; fail "cmake --install failed"; }

[ "$(env -i "$prefix/bin/cordon" --version)" = "cordon $(head -n 1 "$source/VERSION")" ] || fail "--version is not that of VERSION"
printf 'arch x86_64\ndefault errno EPERM\nallow read\n' >"$prefix/app.cordon"
env -i "$prefix/bin/cordon" compile "$prefix/app.cordon" -o "$prefix/app.bpf" || fail "it compiles no policy"
env -i "$prefix/bin/cordon" prove "$prefix/app.bpf" equals "$prefix/app.cordon" >/dev/null || fail "it proves no filter"

# Each page as it is in the tree, in the section of its name; and no page else.
for page in "$source"/docs/man/*.[1-9]; do
  name=${page##*/}
  cmp -s "$page" "$prefix/share/man/man${name##*.}/$name" || fail "$name is not among the man pages"
done
[ "$(find "$prefix/share/man" -type f | wc -l)" = "$(ls "$source"/docs/man/*.[1-9] | wc -l)" ] || fail "there are other man pages"
if command -v man >/dev/null; then
  MANPATH="$prefix/share/man" man -w cordon-compile >/dev/null || fail "man does not find cordon-compile"
fi

# A page for a verb is for one that there is.
for page in "$prefix"/share/man/man1/cordon-*.1; do
  verb=${page##*/cordon-}
  env -i "$prefix/bin/cordon" "${verb%.1}" --help >/dev/null || fail "there is a page for '${verb%.1}', which is no verb"
done
