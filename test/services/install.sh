#!/usr/bin/env bash
# Installs the judges and servers of parts.txt below ${SLUICE_PARTS:-~/.cache/sluice-parts}.
#
#   install.sh             every part
#   install.sh delta-rs    one group, or one part by its name; several may be given
#
# Safe to call again and at the same time: what is there in the pinned version is left alone.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${SLUICE_PARTS:-$HOME/.cache/sluice-parts}
case $folder in /*) ;; *) folder=$PWD/$folder ;; esac

main() {
  local wanted="${*:-all}" lines
  lines=$(lines_wanted "$wanted")
  if all_present "$lines"; then
    return
  fi
  mkdir -p "$folder"
  exec 9>"$folder/.lock"
  flock --nonblock 9 || { tell "Waiting: another install is under way."; flock 9; }
  local line
  while IFS= read -r line; do
    is_present "$line" || install_part "$line"
  done <<<"$lines"
}

# The lines of parts.txt that the names ask for; a name that asks for none is a mistake.
lines_wanted() {
  local name part group rest found
  for name in $1; do
    found=""
    while read -r part group rest; do
      case $part in "" | "#"*) continue ;; esac
      case $name in all | "$part" | "$group") found=yes && echo "$part $group $rest" ;; esac
    done <"$here/parts.txt"
    [ -n "$found" ] || fail "There is no part or group of this name: name=$name"
  done
}

all_present() {
  local line
  while IFS= read -r line; do
    is_present "$line" || return 1
  done <<<"$1"
}

is_present() {
  local part=${1%% *}
  [ -f "$folder/$part/.stamp" ] && [ "$(cat "$folder/$part/.stamp")" = "$1" ]
}

install_part() {
  local part group installer packages started=$SECONDS
  read -r part group installer packages <<<"$1"
  tell "Installing $part: $packages"
  rm -rf "${folder:?}/$part"
  # shellcheck disable=SC2086  # the packages are words of their own
  case $installer in
    pip) with_pip "$folder/$part" $packages ;;
    wheel) with_wheel "$folder/$part" "$packages" ;;
    maven) with_maven "$folder/$part" "$packages" ;;
    maven-whole) with_maven_whole "$folder/$part" "$packages" ;;
    go) with_go "$folder/$part" "$packages" ;;
    *) fail "There is no such installer: part=$part installer=$installer" ;;
  esac || fail "Cannot install $part: the reason is above, and nothing is taken for installed."
  # Last of all: without its stamp a part does not count.
  echo "$1" >"$folder/$part/.stamp"
  tell "Installed $part in $((SECONDS - started)) s."
}

with_pip() {
  local target=$1
  shift
  command -v python3 >/dev/null || fail "This needs Python 3.10 or newer with the venv module."
  python3 -m venv "$target" &&
    "$target/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# The files of one package alone, without what it would run with; the environment is there for its pip.
with_wheel() {
  command -v python3 >/dev/null || fail "This needs Python 3.10 or newer with the venv module."
  python3 -m venv "$1/.venv" &&
    "$1/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$1" "$2" &&
    rm -rf "$1/.venv"
}

# Spark brings everything but Delta's own jars; leaving Hadoop out only spares a large download.
with_maven() {
  local exclusions="<exclusions><exclusion><groupId>org.apache.hadoop</groupId><artifactId>*</artifactId></exclusion></exclusions>"
  copy_dependencies "$1" "$2" "$exclusions" "-DincludeGroupIds=${2%%:*}"
}

with_maven_whole() { copy_dependencies "$1" "$2" "" "-DincludeScope=runtime"; }

copy_dependencies() {
  local target=$1 group artifact version exclusions=$3 only=$4 work status=0
  command -v mvn >/dev/null || fail "This needs Maven and Java 17 or newer."
  IFS=: read -r group artifact version <<<"$2"
  work=$(mktemp -d)
  cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluice</groupId><artifactId>judges</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version>
    $exclusions
  </dependency></dependencies>
</project>
POM
  (cd "$work" && mvn --quiet --batch-mode dependency:copy-dependencies "$only" -DoutputDirectory="$target") || status=$?
  rm -rf "$work"
  return $status
}

with_go() {
  command -v go >/dev/null || fail "This needs Go 1.24 or newer."
  GOBIN="$1" go install "$2"
}

tell() { echo "$*" >&2; }

fail() {
  tell "$*"
  exit 1
}

main "$@"
