#!/usr/bin/env bash
# Site Edge: try it, test it, run it. `./run.sh help` tells more.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
# A second clone of the project compiles nothing again.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true
readonly VENV=.venv RESULTS=build/test-results
# Debian's own Python: the one python3-dev and python3-venv belong to.
readonly SYSTEM_PYTHON=/usr/bin/python3

readonly BASE_PACKAGES=(
  build-essential cmake ninja-build ccache pkg-config git ca-certificates curl openssl procps
  libpaho-mqttpp-dev libpaho-mqtt-dev libmodbus-dev libsqlite3-dev libsqlitecpp-dev libxxhash-dev nlohmann-json3-dev libspdlog-dev
  libexpected-dev libcurl4-openssl-dev libcpp-httplib-dev prometheus-cpp-dev libtomlplusplus-dev libcli11-dev
  libssl-dev libsystemd-dev zlib1g-dev mosquitto mosquitto-clients python3-dev python3-venv
)
readonly TEST_PACKAGES=(libgtest-dev libgmock-dev strace sqlite3 prometheus faketime socat)
readonly FUZZ_PACKAGES=(clang-14 libclang-rt-14-dev)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() {
  printf 'run.sh: %s\n' "$*" >&2
  exit 1
}

usage() {
  cat <<'TEXT'
Usage: ./run.sh <command>

  demo          a story of about a minute on this machine: sensors, broker, agent and a stand-in for Frappe
  test          build with sanitizers and run every test; --bench: against the Frappe site of FRAPPE_BENCH
  fuzz [s]      every parser against made-up input for s seconds each (60); what is found stays in build/fuzz-findings
  up            start broker, stand-in, agent and a fleet of sensors in the background
  status        what runs, and where its pages are
  logs [name]   follow the logs: mosquitto, stand-in, agent, mock-iot
  long [name]   the long runs, detached, each with a report: list, status [name], or a name to start one (--wait)
  down          stop what up has started; the data stays in .run/
  help          this text

demo, test and up install what is missing: packages of Debian 12 with apt (asks for sudo unless root) and Python
packages into .venv. Everything listens on 127.0.0.1 only.

Environment: JOBS (parallel compilations), EDGE_LONG=1 (long outage and kill tests), EDGE_SERIES (folder with recorded
series to replay), FRAPPE_BENCH (a real Frappe site, docs/testing.md).
TEXT
}

# --- what has to be there ---------------------------------------------------------------------------------------------

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "packages are missing and there is no sudo; ask an administrator to run: $*"
  fi
}

install_debian() {
  command -v dpkg-query >/dev/null || die "this needs Debian 12 (dpkg was not found)"
  local installed missing=() package
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii  *//p')
  for package in "$@"; do
    grep -qx "$package" <<<"$installed" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    return
  fi
  say "apt installs ${#missing[@]} packages: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
  # RUNLEVEL=1: packages with a service (mosquitto) are installed without starting it; we run brokers of our own.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -q -y --no-install-recommends "${missing[@]}"
}

install_python() {
  local stamp=$VENV/stamp hash
  # What the environment is made from; the module is compiled from protocols/record and frappe_ext/native.
  hash=$(find protocols/record protocols/bytes.h protocols/bytes.cc frappe_ext/native cmake -type f \
    ! -name '*.pyc' -print0 | sort -z | xargs -0 cat pyproject.toml CMakeLists.txt tests/requirements.txt | sha256sum)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$hash" ]; then
    return
  fi
  say "Python packages of tests/requirements.txt and the native module go into $VENV"
  [ -x "$VENV/bin/python" ] || "$SYSTEM_PYTHON" -m venv "$VENV"
  "$VENV/bin/pip" install -q --disable-pip-version-check -r tests/requirements.txt
  "$VENV/bin/pip" install -q --disable-pip-version-check --force-reinstall --no-deps .
  echo "$hash" >"$stamp"
}

build() { # preset [target…]
  local preset=$1
  shift
  say "build: $preset"
  cmake --preset "$preset" >"build/$preset.log" 2>&1 || {
    tail -30 "build/$preset.log" >&2
    die "cmake --preset $preset failed"
  }
  cmake --build "build/$preset" -j "${JOBS:-$(nproc)}" "${@/#/--target=}"
}

prepare() {
  install_debian "${BASE_PACKAGES[@]}"
  mkdir -p build
  install_python
  build release edge-agent mock-iot mock-scale
}

# --- commands -----------------------------------------------------------------------------------------------------------

demo() {
  prepare
  "$VENV/bin/python" -m tests.support.demo "$@"
}

stack() { # needs the standard library only
  "$([ -x "$VENV/bin/python" ] && echo "$VENV/bin/python" || echo "$SYSTEM_PYTHON")" -m tests.support.stack "$@"
}

long_run() { # list, status or a name
  case ${1:-list} in
    list | status) ;;
    *)
      install_debian "${BASE_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
      mkdir -p build
      install_python
      build release edge-agent mock-iot mock-scale fault-sink
      "$VENV/bin/pip" install -q --disable-pip-version-check -r tests/long/requirements.txt
      ;;
  esac
  "$([ -x "$VENV/bin/python" ] && echo "$VENV/bin/python" || echo "$SYSTEM_PYTHON")" -m tests.long "$@"
}

failed_steps=()

step() { # name command…: goes on after a failure, the end tells
  local name=$1 begin=$SECONDS
  shift
  say "$name"
  if "$@"; then
    say "$name: ok ($((SECONDS - begin)) s)"
  else
    failed_steps+=("$name")
    say "$name: FAILED ($((SECONDS - begin)) s)"
  fi
}

python_tests() { # name path…
  local name=$1
  shift
  "$VENV/bin/python" -m pytest -q --junitxml "$RESULTS/$name.xml" "$@"
}

asan_agent() {
  EDGE_PRESET=dev python_tests asan tests/integration/test_end_to_end.py -k "garbage or digits or array or shape or time"
}

run_ctest() { # preset
  ctest --preset "$1" --output-junit "$PWD/$RESULTS/ctest-$1.xml"
}

test_all() {
  local begin=$SECONDS
  install_debian "${BASE_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  rm -rf "$RESULTS"
  mkdir -p "$RESULTS"
  step "python environment" install_python
  if [ "${1:-}" = --bench ]; then
    [ -n "${FRAPPE_BENCH:-}" ] || die "test --bench needs FRAPPE_BENCH (docs/testing.md)"
    step "build release" build release edge-agent mock-iot mock-scale fault-sink
    step "contract and integration on $FRAPPE_BENCH" python_tests bench tests/contract tests/integration
  else
    step "ruff" "$VENV/bin/ruff" check .
    step "architecture" python_tests arch tests/arch
    step "build dev (ASan, UBSan)" build dev
    step "unit tests" run_ctest dev
    step "build tsan" build tsan edge_thread_tests
    step "thread tests (TSan)" run_ctest tsan
    step "build release" build release edge-agent mock-iot mock-scale fault-sink
    step "hostile payloads (ASan agent)" asan_agent
    step "contract" python_tests contract tests/contract
    step "integration" python_tests integration tests/integration
  fi
  say "$((SECONDS - begin)) s in all"
  [ ${#failed_steps[@]} -eq 0 ] || printf 'failed: %s\n' "${failed_steps[@]}"
  "$SYSTEM_PYTHON" tests/support/results.py "$RESULTS"
  [ ${#failed_steps[@]} -eq 0 ]
}

fuzz_one() { # name seconds: a row of the table; fails where something was found
  local name=$1 seconds=$2 found=build/fuzz-findings/$1 log=build/fuzz-findings/$1.log grown=build/fuzz-corpus/$1 failed=0
  mkdir -p "$found" "$grown"
  TMPDIR=$([ -d /dev/shm ] && echo /dev/shm || echo /tmp) "build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" \
    -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 -artifact_prefix="$found/" "$grown" "tests/fuzz/corpus/$name" \
    >"$log" 2>&1 || failed=1
  printf '%-14s %12s %9s %9s\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
    "$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -d' ' -f2)" "$(find "$found" -type f | wc -l)"
  return "$failed"
}

fuzz() { # [seconds of each target]
  local seconds=${1:-60} source name failed=0
  [[ $seconds =~ ^[0-9]+$ ]] || die "fuzz takes a number of seconds"
  install_debian "${BASE_PACKAGES[@]}" "${FUZZ_PACKAGES[@]}"
  mkdir -p build
  build fuzz edge_fuzzers
  printf '%-14s %12s %9s %9s\n' target executions coverage findings
  for source in tests/fuzz/fuzz_*.cc; do
    name=${source##*/fuzz_}
    fuzz_one "${name%.cc}" "$seconds" || failed=1
  done
  [ "$failed" = 0 ] || die "findings are in build/fuzz-findings: run build/fuzz/tests/fuzz/fuzz_<name> <file>"
}

main() {
  local command=${1:-help}
  [ $# -eq 0 ] || shift
  case $command in
    demo) demo "$@" ;;
    test) test_all "$@" ;;
    fuzz) fuzz "$@" ;;
    up)
      prepare
      stack up "$@"
      ;;
    long) long_run "$@" ;;
    down | status | logs) stack "$command" "$@" ;;
    help | -h | --help) usage ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
}

main "$@"
