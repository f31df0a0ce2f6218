#!/usr/bin/env bats
# The rules of the house that a script can check (t/tidy, one script a rule).
# Each complains in a line a fault; the last test plants faults to see that it does.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	TIDY=$PWD/t/tidy
	KS_BIN=${KS_BIN:-$PWD/${BUILD:-build}/bin}
	unset MAKEFLAGS MFLAGS MAKELEVEL
}

programs() {
	local program
	for program in cmd/ks-*/main.c; do
		program=${program%/main.c}
		echo "${program#cmd/}"
	done
}

@test "every header compiles alone" {
	# shellcheck disable=SC2046
	eval "set -- $(make -s flags)"
	"$TIDY/headers" "$@"
}

@test "only its own module includes a foreign library's header" {
	"$TIDY/includes"
}

@test "functions and files are short" {
	"$TIDY/lengths"
}

@test "every public prototype has a contract" {
	"$TIDY/contracts"
}

@test "every program has a manual page without faults" {
	"$TIDY/manuals"
}

@test "every rule that a refusal names is in PROTOCOL" {
	"$TIDY/rules"
}

@test "every call that STATES names exists" {
	"$TIDY/states"
}

@test "nothing in the tree is unfinished, tied to a machine, or waits by the clock" {
	"$TIDY/words"
}

@test "every program prints its usage with -h and its version with -V" {
	local program version
	version=$(sed -n 's/^VERSION *= *//p' Makefile)
	for program in $(programs); do
		echo "$program"
		run -0 --separate-stderr "$KS_BIN/$program" -h
		[[ ${lines[0]} == "usage: $program "* ]]
		[ "$stderr" = "" ]
		run -0 --separate-stderr "$KS_BIN/$program" -V
		[ "$output" = "$program $version" ]
		[ "$stderr" = "" ]
		# What is not an option is a usage error, on standard error.
		run -2 --separate-stderr "$KS_BIN/$program" -@
		[ "$output" = "" ]
		[[ $stderr == *"usage: $program "* ]]
	done
}

@test "what is committed builds by itself and leaves the tree clean" {
	git rev-parse --git-dir >/dev/null 2>&1 || skip "not a git checkout"
	export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
	git clone -q . "$BATS_TEST_TMPDIR/clone"
	# What comes from npm is there already: nothing is fetched here.
	mkdir "$BATS_TEST_TMPDIR/clone/build"
	cp -R build/npm "$BATS_TEST_TMPDIR/clone/build"
	cd "$BATS_TEST_TMPDIR/clone"
	make -s -j2 OPT=-O1 NPM=false all
	run -0 git status --porcelain
	[ "$output" = "" ]
}

@test "each of these scripts finds the fault it is for" {
	mkdir -p "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree"
	mkdir -p lib/entry lib/a cmd/ks-a t/bats share/doc share/man
	echo 'int a_good(struct missing *);' >lib/a/a.h
	run -1 "$TIDY/headers" cc -Wall -Werror
	[[ $output == *"lib/a/a.h: does not compile alone"* ]]

	run -1 "$TIDY/contracts"
	[[ $output == *"lib/a/a.h:1: a_good: no contract"* ]]
	printf '/**\n * a_good(x):\n * Good.\n */\nint a_good(struct x *);\n' >lib/a/a.h
	run -0 "$TIDY/contracts"
	printf '/** a_other(x): no. */\nchar *\na_two(int,\n    int (*)(void)) __attribute__((cold));\n' >>lib/a/a.h
	run -1 "$TIDY/contracts"
	[[ $output == *"lib/a/a.h:8: a_two: no contract"* ]]

	echo '#include <stdio.h>' >cmd/ks-a/main.c
	run -0 "$TIDY/includes"
	echo '# include <db.h>' >>cmd/ks-a/main.c
	run -1 "$TIDY/includes"
	[[ $output == "cmd/ks-a/main.c: includes <db"* ]]

	{
		printf 'int\nmain(void)\n{\n'
		seq -f 'f(%.0f);' 87
		echo '}'
	} >cmd/ks-a/main.c
	run -0 "$TIDY/lengths"
	[[ $output == "cmd/ks-a/main.c:2: main: 90 lines" ]]
	sed -i '5s/^/f(0);\n/' cmd/ks-a/main.c
	run -1 "$TIDY/lengths"
	[[ $output == "cmd/ks-a/main.c:2: main: 91 lines: too long" ]]
	printf 'int\nmain(void)\n{\n}\n' >cmd/ks-a/main.c
	seq -f '/* %.0f */' 600 >lib/a/a.c
	run -0 "$TIDY/lengths"
	echo >>lib/a/a.c
	run -1 "$TIDY/lengths"
	[[ $output == "lib/a/a.c: 601 lines: too long" ]]

	run -1 "$TIDY/manuals"
	[[ $output == *"ks-a: share/doc does not"*"ks-a: no manual page"* ]]
	echo 'ks-a does it' >share/doc/A.md
	printf '.Dd May 1, 2024\n.Dt KS-A 1\n.Os\n.Sh NAME\n.Nm ks-a\n.Nd it\n' >share/man/ks-a.1
	run -1 "$TIDY/manuals"
	[[ $output == *"no section EXIT STATUS"* && $output != *"section NAME"* ]]
	echo '.Nonsense' >>share/man/ks-a.1
	run -1 "$TIDY/manuals"
	[[ $output == *"mandoc objects"* ]]

	printf '#define RULE_A_B\t\t"a-b"\n#define RULE_C\t"c"\n' >lib/entry/rule_names.h
	printf '`a-b` is\nnot c\n' >share/doc/PROTOCOL.md
	run -1 "$TIDY/rules"
	[[ $output == "c: not in share/doc/PROTOCOL.md" ]]

	printf 'the call `a_gone` did\n' >share/doc/STATES.md
	run -1 "$TIDY/states"
	[[ $output == "a_gone: in share/doc/STATES.md, but no function" ]]
	printf 'void\na_gone(void)\n{\n}\n' >cmd/ks-a/gone.c
	run -0 "$TIDY/states"

	run -0 "$TIDY/words"
	printf '\tsleep 0.02\n' >t/bats/a.bats
	run -0 "$TIDY/words"
	printf '\tsleep 0.5\n' >t/bats/a.bats
	echo 'x = 1; // one' >lib/a/b.c
	printf '/* %s: more */\n' TO''DO >lib/a/c.c
	echo "/wor""k/x" >share/doc/B.md
	run -1 "$TIDY/words"
	[ "${#lines[@]}" -eq 4 ]
}
