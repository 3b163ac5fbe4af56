# Node and Chromium for the page, sourced by scripts/page.sh, test_web.sh and setup.sh from the folder of the checkout: from the PATH, or where
# `scripts/setup.sh all` put them (Node from PyPI in .venv-test, Chromium unpacked in .slurm): Debian 12's own Node is too old.

new_enough() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null; }

# Puts a Node that is new enough, with npm, first on the PATH. Returns 1 with the reason in node_lacks.
find_node() {
  local own=$PWD/.venv-test/node/bin
  node_lacks='Node is not installed; the page needs 20.19, 22.12 or newer, with npm'
  if command -v node >/dev/null; then
    if new_enough node && command -v npm >/dev/null; then return 0; fi
    node_lacks="Node $(node -p 'process.versions.node' 2>/dev/null) is too old for the page or has no npm; it needs 20.19, 22.12 or newer"
  fi
  if [ -x "$own/npm" ] && new_enough "$own/node"; then export PATH=$own:$PATH; return 0; fi
  return 1
}

# Sets TOMOGRAD_CHROMIUM, and for an unpacked one the paths of its libraries and fonts, unless it is set. Returns 1 when there is none.
find_chromium() {
  local name prefix=$PWD/.slurm
  [ -z "${TOMOGRAD_CHROMIUM:-}" ] || return 0
  for name in chromium chromium-browser google-chrome; do
    if command -v $name >/dev/null; then TOMOGRAD_CHROMIUM=$(command -v $name); export TOMOGRAD_CHROMIUM; return 0; fi
  done
  [ -x "$prefix/usr/lib/chromium/chromium" ] || return 1
  export TOMOGRAD_CHROMIUM=$prefix/usr/lib/chromium/chromium TOMOGRAD_CHROMIUM_LIBRARIES
  TOMOGRAD_CHROMIUM_LIBRARIES=$(compgen -G "$prefix/usr/lib/*-linux-gnu"; compgen -G "$prefix/lib/*-linux-gnu"; compgen -G "$prefix/usr/lib/*-linux-gnu/pulseaudio")
  TOMOGRAD_CHROMIUM_LIBRARIES=${TOMOGRAD_CHROMIUM_LIBRARIES//$'\n'/:}
  # Where the system has no fonts of its own, the unpacked ones are named in a list beside them.
  if [ ! -e /etc/fonts/fonts.conf ]; then
    printf '<fontconfig><dir>%s/usr/share/fonts</dir><cachedir>%s/var/cache/fontconfig</cachedir></fontconfig>\n' "$prefix" "$prefix" > "$prefix/fonts.conf"
    export FONTCONFIG_FILE=$prefix/fonts.conf
  fi
}

# What web/package-lock.json names, into web/node_modules. Returns 1 after a sentence that begins with $1.
fetch_packages() {
  (cd web && npm ci --silent --no-progress --no-audit --no-fund) && return 0
  echo "$1: npm could not fetch the packages of web/package-lock.json; is a registry in reach (npm config get registry)?" >&2
  return 1
}
