#!/usr/bin/env bash
# Power cuts by the thousand and every failing I/O call, against the store on a made-up disk (tests/faults).
#
#   tests/long/power_cut.sh [seeds of each level (20000)]
#
# Goes on where an earlier run was stopped: build/long/power_cut.report has a line for each 1,000 seeds. Delete it to begin
# anew. To leave it alone: setsid nohup tests/long/power_cut.sh >build/long/power_cut.log 2>&1 &
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true

readonly SEEDS=${1:-20000} CHUNK=1000 BUILD=build/long
readonly REPORT=$BUILD/power_cut.report TESTS=$BUILD/tests/faults

mkdir -p "$BUILD"
cmake --preset release -B "$BUILD" -DEDGE_BUILD_TESTS=ON >"$BUILD/cmake.log"
cmake --build "$BUILD" -j "${JOBS:-$(nproc)}" --target edge_power_cut_test edge_io_sweep_test

failed=0
for test in Default:default PowerCut:power-cut; do
  level=${test#*:}
  upto=$( (grep -h "^level=$level upto=" "$REPORT" 2>/dev/null || true) | tail -1 | sed 's/.*upto=\([0-9]*\) .*/\1/')
  for ((from = ${upto:-0} + 1; from <= SEEDS; from += CHUNK)); do
    EDGE_POWER_CUT_FROM=$from EDGE_POWER_CUTS=$((SEEDS - from + 1 < CHUNK ? SEEDS - from + 1 : CHUNK)) \
      EDGE_POWER_CUT_REPORT=$REPORT "$TESTS/edge_power_cut_test" --gtest_brief=1 \
      --gtest_filter="*LosesNothingThatWasPromised/${test%:*}" || failed=1
  done
done

awk '/^level=.* upto=/ {
  for (i = 1; i <= NF; i++) { split($i, pair, "="); if (pair[1] == "level") level = pair[2]; else sum[level, pair[1]] += pair[2]
    if (pair[1] == "oldest_lost_ms" && pair[2] > oldest[level]) oldest[level] = pair[2] }
  levels[level] }
END { for (level in levels) printf "%s: %d seeds, %d cuts, %d rows acknowledged, %d lost (oldest %d ms), %d weighings, %d tickets, %d seeds failed\n",
  level, sum[level, "seeds"], sum[level, "cuts"], sum[level, "acked_rows"], sum[level, "lost_rows"], oldest[level],
  sum[level, "weighings"], sum[level, "tickets"], sum[level, "failed"] }' "$REPORT"

EDGE_IO_SWEEP=1 "$TESTS/edge_io_sweep_test" --gtest_brief=1 | tee "$BUILD/io_sweep.report" || failed=1
exit "$failed"
