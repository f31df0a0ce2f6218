#!/usr/bin/env bats
# Every decoder of hostile input, fuzzed from its seeds for a bounded number of
# runs with all of the library under AddressSanitizer and
# UndefinedBehaviorSanitizer.  "make fuzz-run SECONDS=3600" goes on where this ends.
#
# What counts is what the fuzzers print when they end, "accepted N DECODER": a
# fuzzer whose inputs are all refused at the first check has tested nothing.

bats_require_minimum_version 1.5.0

# Runs of one fuzzer, and seconds at most.
RUNS=300000
SECONDS_MAX=15

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make -j2 fuzz >"$BATS_FILE_TMPDIR/make.log" 2>&1 || {
		cat "$BATS_FILE_TMPDIR/make.log" >&2
		return 1
	}
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
}

# fuzz NAME OPTION...: run fuzz_NAME from its seeds; what it says is in NAME.log.
fuzz() {
	local name=$1
	shift
	mkdir -p "$BATS_TEST_TMPDIR/$name"
	"build-fuzz/fuzz/fuzz_$name" -seed=1 -timeout=10 -rss_limit_mb=1024 \
	    -artifact_prefix="$BATS_TEST_TMPDIR/$name-" "$@" \
	    "$BATS_TEST_TMPDIR/$name" "t/fuzz/seeds/$name" \
	    >"$BATS_TEST_TMPDIR/$name.log" 2>&1
}

# accepted NAME: every decoder of fuzz_NAME accepted something.
accepted() {
	local log=$BATS_TEST_TMPDIR/$1.log
	if ! grep -q '^accepted [1-9]' "$log" || grep '^accepted 0 ' "$log"; then
		echo "fuzz_$1: a decoder has accepted nothing" >&2
		return 1
	fi
}

names() {
	local source
	for source in t/fuzz/fuzz_*.c; do
		source=${source##*/fuzz_}
		echo "${source%.c}"
	done
}

@test "the seeds of the fuzzers are what their maker makes" {
	local folder
	for folder in t/fuzz/seeds/*/; do
		mkdir -p "$BATS_TEST_TMPDIR/${folder#t/fuzz/}"
	done
	build-fuzz/fuzz/seeds "$BATS_TEST_TMPDIR/seeds"
	diff -r t/fuzz/seeds "$BATS_TEST_TMPDIR/seeds"
}

@test "every decoder accepts one of the seeds" {
	local name
	for name in $(names); do
		fuzz "$name" -runs=0 || {
			cat "$BATS_TEST_TMPDIR/$name.log" >&2
			return 1
		}
		accepted "$name"
	done
}

@test "a fault behind a decoder is found" {
	FUZZ_BREAK=100 run ! fuzz note -runs=$RUNS
	grep -q 'planted fault' "$BATS_TEST_TMPDIR/note.log"
	FUZZ_BREAK=100 run -0 fuzz note -runs=10
}

@test "no decoder breaks in $RUNS inputs, or $SECONDS_MAX seconds" {
	local name
	for name in $(names); do
		while [ "$(jobs -pr | wc -l)" -ge 2 ]; do
			wait -n || true
		done
		{
			fuzz "$name" -runs=$RUNS -max_total_time=$SECONDS_MAX 3>&- &&
			    touch "$BATS_TEST_TMPDIR/$name.ok"
		} &
	done
	wait
	for name in $(names); do
		if [ ! -e "$BATS_TEST_TMPDIR/$name.ok" ]; then
			tail -n 60 "$BATS_TEST_TMPDIR/$name.log" >&2
			od -A x -t x1z "$BATS_TEST_TMPDIR/$name"-* | head -n 40 >&2
			return 1
		fi
		accepted "$name"
	done
}
