# ks: a key-transparency keyserver.  GNU make; one file, no recursion.
#
#   make            build every program into build/bin
#   make demo       a realm of one replica and one verifier, until Ctrl-C (ONCE=1: stops by itself)
#   make demo3      a realm of three replicas, of which one is killed; the same
#   make test       unit tests and bats pipelines; the last line is "N passed, N failed"
#   make check-asan the same under AddressSanitizer and UndefinedBehaviorSanitizer
#   make check-clang     clang has no warning either
#   make check-valgrind  the unit tests under valgrind
#   make fuzz-run        each fuzzer for SECONDS=10
#   make soak       a cluster under random faults for HOURS=1; needs root
#   make bench      ks-bench: ratios to this machine's floor
#   make deps       install the Debian packages that are missing

PREFIX  = /usr/local
DESTDIR =
BUILD   = build
CC      = cc
OPT     = -O2 -g
SAN     =
VERSION = 0.1

WARN = -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wshadow \
       -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef
CPPFLAGS = -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -DKS_VERSION='"$(VERSION)"' -Ilib \
           -include lib/base/banned.h $(CPPEXTRA)
CFLAGS   = -std=c11 $(OPT) $(WARN) -fstack-protector-strong -fPIE -pthread $(SAN)
LDFLAGS  = -pie -Wl,-z,relro,-z,now -pthread $(SAN)
LDLIBS   = -Wl,--as-needed -ldb-5.3 -lsodium -lbsd -ljansson -lseccomp -ltls -lcrypto -lcurl \
           -lmicrohttpd -lgnutls

LIB_SRC   = $(wildcard lib/*/*.c)
LIB_OBJ   = $(LIB_SRC:%.c=$(BUILD)/%.o)
PROGRAMS  = $(notdir $(patsubst %/main.c,%,$(wildcard cmd/ks-*/main.c)))
BINARIES  = $(PROGRAMS:%=$(BUILD)/bin/%)
UNITS     = $(patsubst t/unit/%.c,$(BUILD)/t/%,$(wildcard t/unit/test_*.c))
HELPERS   = $(filter-out t/unit/test_%.c,$(wildcard t/unit/*.c))
HELP_OBJ  = $(HELPERS:%.c=$(BUILD)/%.o)
FUZZERS   = $(patsubst t/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard t/fuzz/fuzz_*.c))
MAN1      = $(wildcard share/man/*.1)
MAN8      = $(wildcard share/man/*.8)

all: $(BINARIES) $(PAGE)

# V=1 shows the commands.
Q = $(if $(V),,@)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# OpenSSL's headers have parameters named rand, which lib/base/banned.h forbids: they come before it.
$(BUILD)/lib/tls/identity.o $(BUILD)/lib/tls/ca.o $(BUILD)/lib/crypto/sha1.o: CPPFLAGS := -include openssl/evp.h $(CPPFLAGS)

$(BUILD)/libks.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $(LIB_OBJ)

# A program is every source in its folder and the library.
define program_rule
$(1)_OBJ = $$(patsubst %.c,$$(BUILD)/%.o,$$(wildcard cmd/$(1)/*.c))
$$(BUILD)/bin/$(1): $$($(1)_OBJ) $$(BUILD)/libks.a
	@mkdir -p $$(@D)
	@echo "  LINK $$@"
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$($(1)_OBJ) $$(BUILD)/libks.a $$(LDLIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

# The page is built into ks-httpd.  What it takes from npm is one file and its licence, pinned by their hash
# in package-lock.json; every build directory shares them, so that only the first build asks the network.
NPM    = npm
SODIUM = build/npm/node_modules/libsodium-sumo
PAGE   = $(SODIUM)/dist/modules-sumo-esm/libsodium-sumo.mjs
$(PAGE): share/page/package.json share/page/package-lock.json
	@mkdir -p build/npm
	@echo "  NPM  $(@F)"
	$(Q)cp $^ build/npm
	$(Q)cd build/npm && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 || { cat npm.log; false; }
	@touch $@

$(BUILD)/cmd/ks-httpd/page_files.o: $(PAGE) $(wildcard share/page/*)

# The service templates are built into ks-init.
$(BUILD)/cmd/ks-init/template.o: $(wildcard share/service/*.conf share/service/*/*)

# So is the description of the HTTP interface into ks-httpd.
$(BUILD)/cmd/ks-httpd/api.o: share/openapi.json

# A unit test may reach into the folder of a program whose deciding code it tests:
# every object under cmd/ but the main.o files is offered to it as an archive.
STEP_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c,$(wildcard cmd/*/*.c)))
$(BUILD)/libstep.a: $(STEP_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $(STEP_OBJ)

# What several unit tests share is in t/unit, in files without the prefix test_.
$(BUILD)/libhelp.a: $(HELP_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $(HELP_OBJ)

$(BUILD)/t/%: $(BUILD)/t/unit/%.o $(BUILD)/libhelp.a $(BUILD)/libstep.a $(BUILD)/libks.a
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/libhelp.a $(BUILD)/libstep.a $(BUILD)/libks.a $(LDLIBS)

units: $(UNITS)

test: all units
	BUILD=$(BUILD) t/run

ASAN = BUILD=build-asan OPT='-O1 -g -fno-omit-frame-pointer' \
       SAN='-fsanitize=address,undefined -fno-sanitize-recover=all'
check-asan:
	KS_NO_JAIL=1 $(MAKE) $(ASAN) test

# The compiler and its flags as words of the shell, for t/tidy.
flags:
	@echo '$(CC) $(subst ','\'',$(CPPFLAGS) $(CFLAGS))'

check-clang:
	$(MAKE) BUILD=build-clang CC=clang all units

# The unit tests under valgrind.  Not those that it cannot run:
#   test_jail, test_daemon  it does not know Landlock's system calls
#   test_server             its accept takes, and loses, a connection at the limit of descriptors
#   test_store_crash        its children are killed, or give up, with everything still allocated
VALGRIND_NOT = test_jail test_daemon test_server test_store_crash
VALGRIND     = valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
               --show-leak-kinds=definite --suppressions=t/valgrind.supp
# Those whose children leave with what the parent holds: what is lost is not counted.
VALGRIND_FORKS = test_dump
MEMCHECKS    = $(patsubst %,$(BUILD)/valgrind/%,$(filter-out $(VALGRIND_NOT),$(notdir $(UNITS))))
$(BUILD)/valgrind/%: $(BUILD)/t/% t/valgrind.supp
	@mkdir -p $(@D)
	@echo "  VALGRIND $<"
	$(Q)$(VALGRIND) $(if $(filter $(VALGRIND_FORKS),$(<F)),--leak-check=no) $< >$@.log 2>&1 || { cat $@.log; false; }
	@touch $@
check-valgrind: $(MEMCHECKS)

# The fuzzers, with the whole library instrumented, in a directory of their own.
#   make fuzz                 build them
#   make fuzz-run SECONDS=60  each for so long, from its seeds; what it finds stays in build-fuzz/corpus
FUZZ    = BUILD=build-fuzz CC=clang OPT='-O1 -g -fno-omit-frame-pointer' \
          SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
SECONDS = 10
$(BUILD)/fuzz/%: $(BUILD)/t/fuzz/%.o $(BUILD)/t/fuzz/fuzz.o $(BUILD)/libks.a
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< $(BUILD)/t/fuzz/fuzz.o $(BUILD)/libks.a $(LDLIBS)
# The maker of the seeds: build-fuzz/fuzz/seeds t/fuzz/seeds, after a frame was added.
$(BUILD)/fuzz/seeds: $(BUILD)/t/fuzz/seeds.o $(BUILD)/libks.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/libks.a $(LDLIBS)
fuzzers: $(FUZZERS) $(BUILD)/fuzz/seeds
fuzz:
	$(MAKE) $(FUZZ) fuzzers
fuzz-run: fuzz
	t/fuzz/run -max_total_time=$(SECONDS)

bench: all
	BUILD=$(BUILD) t/bench

HOURS = 1
soak: all
	BUILD=$(BUILD) t/cluster/soak $(HOURS) $(SEED)

demo: all
	BUILD=$(BUILD) ONCE=$(ONCE) share/demo

demo3: all
	BUILD=$(BUILD) ONCE=$(ONCE) share/demo3

deps:
	share/install-deps

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/doc/ks
	install -m 0755 $(BINARIES) $(DESTDIR)$(PREFIX)/bin
	install -m 0644 $(MAN1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 0644 $(MAN8) $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0644 README.md LICENSE $(wildcard share/doc/*.md) $(DESTDIR)$(PREFIX)/share/doc/ks

uninstall:
	rm -f $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/bin/%) \
	    $(addprefix $(DESTDIR)$(PREFIX)/share/man/man1/,$(notdir $(MAN1))) \
	    $(addprefix $(DESTDIR)$(PREFIX)/share/man/man8/,$(notdir $(MAN8)))
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/ks

clean:
	rm -rf build build-*

.PHONY: all units test flags check-asan check-clang check-valgrind fuzzers fuzz fuzz-run bench soak demo demo3 deps install uninstall clean
.SECONDARY:
-include $(LIB_OBJ:.o=.d) $(wildcard $(BUILD)/cmd/*/*.d) $(wildcard $(BUILD)/t/unit/*.d $(BUILD)/t/fuzz/*.d)
