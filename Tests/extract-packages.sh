#!/bin/sh
# extract-packages.sh FOLDER PACKAGE...: unpacks Debian packages into FOLDER with the shared libraries that their programs need, a root to
# chroot into. For mail servers, which exclude each other as installed packages. Does nothing when FOLDER has them already.
set -eu
folder=$1
shift
[ "$(cat "$folder/.packages" 2>/dev/null)" = "$*" ] && exit 0
here=$(cd "$(dirname "$0")" && pwd)
echo "unpacking $*"
rm -rf "$folder"
mkdir -p "$folder/.archives"
folder=$(cd "$folder" && pwd)
cd "$folder/.archives"

# apt warns that its own user cannot write here.
download() { apt-get download -q "$@" 2>/dev/null; }
download "$@" || {
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -q
    download "$@" || { echo "apt-get cannot download $*" >&2; exit 1; }
}
for archive in *.deb; do
    libraries="${libraries:-} $(dpkg-deb -f "$archive" Depends Pre-Depends | tr ',' '\n' | sed -n 's/^[^a-z]*\(lib[^ |:]*\).*/\1/p')"
    dpkg-deb -x "$archive" "$folder"
done
"$here/install-packages.sh" $libraries
cd "$folder"
find usr -type f -perm -100 -exec ldd {} + 2>/dev/null | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | sort -u | while read -r library; do
    cp -L --parents "$library" .
done
rm -rf .archives usr/share
echo "$*" > .packages
