#!/usr/bin/env bash
# Brings a bare Debian 12 (13, Ubuntu 24.04) to the state the build needs: packages, .venv with libtorch.
# Safe to repeat: each step looks first and does nothing when it is done. usage: scripts/setup.sh [build|test|peers]
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-build}
case "$want" in build) steps=3 ;; test|peers) steps=4 ;; *) echo "setup: '$want' is not build, test or peers" >&2; exit 2 ;; esac
say() { printf '[setup %s/%s] %s\n' "$1" "$steps" "$2" >&2; }
die() { printf 'setup: %s\n' "$1" >&2; exit 1; }

say 1 "checking disk, memory, rights"
free_mb=$(df -Pm . | awk 'NR==2{print $4}')
[ "$free_mb" -ge 6000 ] || die "only $free_mb MB free here; the build and libtorch need 6000 MB"
memory_mb=$(awk '/MemAvailable/{print int($2/1024)}' /proc/meminfo)
[ "$memory_mb" -ge 3000 ] || die "only $memory_mb MB of memory available; compiling against libtorch needs 3000 MB"
[ -w . ] || die "no right to write in $(pwd)"

missing=()
while read -r package _; do
  case "$package" in ''|'#'*) continue ;; esac
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done < scripts/packages-debian.txt
if [ -n "${TOMOGRAD_DEPS:-}" ]; then
  say 2 "packages: taken from TOMOGRAD_DEPS"
elif [ ${#missing[@]} -eq 0 ]; then
  say 2 "packages: all there"
else
  say 2 "packages: installing ${missing[*]} (about 2 minutes)"
  command -v apt-get >/dev/null || die "no apt-get here; install these by hand: ${missing[*]}"
  sudo=''
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo; ask an administrator for: apt-get install ${missing[*]}"
    sudo=sudo
  fi
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# usage: environment DIR CHECK REQUIREMENT...   (CHECK is a Python statement that succeeds when all is there)
environment() {
  local folder=$1 check=$2; shift 2
  if "$folder/bin/python" -c "$check" 2>/dev/null; then return; fi
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"
  "$folder/bin/python" -c "$check" || die "$folder was made but '$check' fails in it; remove the folder and run this again"
}

if [ -n "${TOMOGRAD_TORCH:-}" ]; then
  [ -e "$TOMOGRAD_TORCH/lib/libtorch_cpu.so" ] || die "TOMOGRAD_TORCH=$TOMOGRAD_TORCH holds no lib/libtorch_cpu.so"
  say 3 "libtorch: taken from TOMOGRAD_TORCH"
else
  say 3 "libtorch: .venv (about 40 s the first time from a CPU wheel, some minutes for a CUDA one)"
  environment .venv 'import importlib.metadata as m; assert m.version("torch").startswith("2.13.0")' torch==2.13.0 numpy
fi

if [ "$want" = test ]; then
  say 4 "oracles: .venv-test"
  environment .venv-test 'import nibabel, scipy, safetensors' numpy nibabel scipy safetensors
fi

if [ "$want" = peers ]; then
  say 4 "the peers: .venv-peers (some minutes the first time)"
  # torch first and by itself, so that nothing replaces it by another version.
  environment .venv-peers 'import importlib.metadata as m; assert m.version("torch").startswith("2.13.0")' torch==2.13.0 numpy
  environment .venv-peers 'import monai, nibabel, torchio, optuna, openvino, skimage, scipy, zarr' torch==2.13.0 monai nibabel torchio optuna openvino scikit-image scipy zarr
fi
