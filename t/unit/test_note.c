#include <sys/stat.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/sign.h"
#include "note/checkpoint.h"
#include "note/keyfile.h"
#include "note/note.h"
#include "note/vkey.h"

#include "test.h"

/* The example of c2sp.org/signed-note. */
static const char vkey_example[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char note_example[] =
    "This is an example message.\n"
    "\n"
    "\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONn"
    "cAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/* The example of the front page of the same: the text has empty lines. */
static const char note_poem[] =
    "Ognuno sta solo sul cuor della terra\n"
    "trafitto da un raggio di sole:\n"
    "\n"
    "ed \xc3\xa8 subito sera.\n"
    "\n"
    "\xe2\x80\x94 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2"
    "i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

/* The example of c2sp.org/tlog-cosignature. */
static const char checkpoint_example[] =
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "\xe2\x80\x94 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniM"
    "p+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\xe2\x80\x94 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zX"
    "crtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

/* The published key of a public witness. */
static const char vkey_witness[] =
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

/* Return 0 if note_format of ${N} is ${text}. */
static int
formats_as(const struct note * N, const char * text)
{
	struct wbuf W;
	int rc = -1;

	wbuf_init(&W, NOTE_LEN_MAX);
	note_format(&W, N);
	if (wbuf_failed(&W) == 0 && W.len == strlen(text) &&
	    memcmp(W.data, text, W.len) == 0)
		rc = 0;
	wbuf_free(&W);
	return (rc);
}

static void
published_notes(void)
{
	struct vkey V;
	struct note * N;
	const char * rule;
	char text[VKEY_TEXT_MAX + 1];
	uint64_t t;

	CHECK(vkey_parse(&V, vkey_example, strlen(vkey_example), &rule) == 0);
	CHECK(strcmp(V.name, "example.com/foo") == 0);
	CHECK(V.type == VKEY_ED25519);
	vkey_format(&V, text);
	CHECK(strcmp(text, vkey_example) == 0);
	CHECK(note_parse(&N, note_example, strlen(note_example), &rule) == 0);
	CHECK(N->nsigs == 1);
	CHECK(N->textlen == 28 && N->text[27] == '\n');
	CHECK(checkpoint_sig_verify(&V, &N->sigs[0], N->text, N->textlen, &t)
	    == 0 && t == 0);
	CHECK(checkpoint_sig_verify(&V, &N->sigs[0], N->text, N->textlen - 1,
	    &t) == -1);
	CHECK(formats_as(N, note_example) == 0);
	note_free(N);

	CHECK(note_parse(&N, note_poem, strlen(note_poem), &rule) == 0);
	CHECK(N->nsigs == 1 && N->textlen == 37 + 31 + 1 + 19);
	CHECK(formats_as(N, note_poem) == 0);
	note_free(N);
}

static void
published_checkpoint(void)
{
	static const uint8_t id[VKEY_ID_LEN] = { 0x8d, 0x66, 0xcf, 0x3f };
	struct checkpoint C;
	struct vkey V;
	struct note * N;
	struct wbuf W;
	const char * rule;
	uint8_t sig[SIGN_LEN];
	uint64_t t;

	CHECK(note_parse(&N, checkpoint_example, strlen(checkpoint_example),
	    &rule) == 0);
	CHECK(N->nsigs == 2 && formats_as(N, checkpoint_example) == 0);
	CHECK(checkpoint_parse(&C, N->text, N->textlen, &rule) == 0);
	CHECK(strcmp(C.origin, "example.com/behind-the-sofa") == 0);
	CHECK(C.size == 20852163 && C.root[0] == 0x0a && C.root[31] == 0x62);
	wbuf_init(&W, CHECKPOINT_TEXT_MAX);
	checkpoint_text(C.origin, C.size, C.root, &W);
	CHECK(W.len == N->textlen && memcmp(W.data, N->text, W.len) == 0);
	wbuf_free(&W);

	/* The specification gives its time, and no key. */
	CHECK(memcmp(N->sigs[1].id, id, VKEY_ID_LEN) == 0);
	CHECK(vkey_parse(&V, vkey_witness, strlen(vkey_witness), &rule) == 0);
	CHECK(V.type == VKEY_COSIGNATURE);
	CHECK(checkpoint_sig_split(&V, &N->sigs[1], &t, sig) == 0);
	CHECK(t == 1679315147);
	CHECK(checkpoint_sig_split(&V, &N->sigs[0], &t, sig) == -1);
	CHECK(checkpoint_sig_verify(&V, &N->sigs[1], N->text, N->textlen, &t)
	    == -1);
	note_free(N);
}

static void
vkeys_are_strict(void)
{
	static const char * const bad[] = {
	    "",
	    "example.com/foo",
	    "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k=",
	    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U==",
	    "example.com/foo+530d903a+",
	    "example.com/foo+530d903a",
	    "example.com/f o+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	};
	static const char * const names[] = {
	    "", " ", "a b", "a+b", "a\tb", "a\x1f", "a\xc2\xa0", "\xe2\x80\x83",
	    "\xe3\x80\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
	    "\xff", "a\xe2\x80", "\xc2\x85", "\xe0\x80\xaf",
	};
	static const uint8_t identity[SIGN_PK_LEN] = { 1 };
	char name[VKEY_NAME_MAX + 2];
	const char * rule;
	struct vkey V;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(vkey_parse(&V, bad[i], strlen(bad[i]), &rule) == -1 &&
		    rule != NULL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK(vkey_name_valid(names[i], strlen(names[i])) == -1);
	CHECK(vkey_name_valid("ks.example/\xc3\xa8\xf0\x9f\x94\x91", 17) == 0);
	memset(name, 'n', sizeof(name));
	CHECK(vkey_name_valid(name, VKEY_NAME_MAX) == 0);
	CHECK(vkey_name_valid(name, VKEY_NAME_MAX + 1) == -1);
	CHECK(vkey_make(&V, VKEY_ED25519, "a", identity) == -1);
	CHECK(vkey_parse(&V, vkey_example, strlen(vkey_example), &rule) == 0);
	CHECK(vkey_make(&V, 0x02, "a", V.pk) == -1);
	CHECK(vkey_make(&V, VKEY_COSIGNATURE, "a", V.pk) == 0);
}

static void
notes_are_strict(void)
{
#define DASH	"\xe2\x80\x94 "
	static const char * const bad[] = {
	    "", "\n", "a\n", "a\n\n", "\n\n", "a\n" DASH "n AAAAAAA=\n",
	    "\n" DASH "n AAAAAAA=\n",
	    "a\n\n" DASH "n AAAAAAA=",
	    "a\n\n" DASH "n AAAAAAA= \n",
	    "a\n\n" DASH "n  AAAAAAA=\n",
	    "a\n\n" DASH " AAAAAAA=\n",
	    "a\n\n" DASH "n AAAAAA==\n",
	    "a\n\n" DASH "n AAAAAAB=\n",
	    "a\n\n" DASH "n AAAAAAA\n",
	    "a\n\n" DASH "n\n",
	    "a\n\n" DASH "n+ AAAAAAA=\n",
	    "a\n\n- n AAAAAAA=\n",
	    "a\n\n" DASH "n AAAAAAA=\nx\n",
	    "a\t\n\n" DASH "n AAAAAAA=\n",
	    "a\r\n\n" DASH "n AAAAAAA=\n",
	    "a\xff\n\n" DASH "n AAAAAAA=\n",
	    "a\xc0\x8a\n\n" DASH "n AAAAAAA=\n",
	};
	static const char line[] = DASH "n AAAAAAA=\n";
	struct note * N;
	struct wbuf W;
	const char * rule;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rule = NULL;
		CHECK(note_parse(&N, bad[i], strlen(bad[i]), &rule) == -1);
		CHECK(rule != NULL);
	}
	CHECK(note_parse(&N, "a\n\0\n" DASH "n AAAAAAA=\n", 21, &rule) == -1);

	/* An empty first line alone can be a text. */
	CHECK(note_parse(&N, "\n\n" DASH "n AAAAAAA=\n", 17, &rule) == 0);
	CHECK(N->textlen == 1 && N->nsigs == 1 && N->sigs[0].siglen == 1);
	note_free(N);

	wbuf_init(&W, NOTE_LEN_MAX);
	note_put_text(&W, "a\n", 2);
	for (i = 0; i < NOTE_SIGS_MAX; i++)
		wbuf_put_bytes(&W, line, strlen(line));
	CHECK(note_parse(&N, W.data, W.len, &rule) == 0);
	CHECK(N->nsigs == NOTE_SIGS_MAX);
	note_free(N);
	wbuf_put_bytes(&W, line, strlen(line));
	CHECK(note_parse(&N, W.data, W.len, &rule) == -1);
	CHECK(strstr(rule, "64") != NULL);
	wbuf_free(&W);
}

static void
checkpoints_are_strict(void)
{
#define ROOT	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
	static const char * const bad[] = {
	    "", "o\n", "o\n1\n", "o\n1\n" ROOT, "\n1\n" ROOT "\n",
	    "o o\n1\n" ROOT "\n", "o\n01\n" ROOT "\n", "o\n\n" ROOT "\n",
	    "o\n-1\n" ROOT "\n", "o\n+1\n" ROOT "\n", "o\n1 \n" ROOT "\n",
	    "o\n18446744073709551616\n" ROOT "\n", "o\n0x1\n" ROOT "\n",
	    "o\n99999999999999999999\n" ROOT "\n", "o\n00\n" ROOT "\n",
	    "o\n1\nAAAA\n", "o\n1\n" ROOT "\nextension\n",
	    "o\n1\n" ROOT "\n\n",
	    "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
	    "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2IA\n",
	};
	struct checkpoint C;
	const char * rule;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(checkpoint_parse(&C, bad[i], strlen(bad[i]), &rule) == -1);
	CHECK(checkpoint_parse(&C, "o\n18446744073709551615\n" ROOT "\n", 68,
	    &rule) == 0);
	CHECK(C.size == UINT64_MAX);
	CHECK(checkpoint_parse(&C, "o\n0\n" ROOT "\n", 49, &rule) == 0);
	CHECK(C.size == 0);
}

static void
signing(void)
{
	static const char text[] = "o\n5\n" ROOT "\n";
	static const char message[] = "cosignature/v1\ntime 77\no\n5\n" ROOT "\n";
	const size_t len = sizeof(text) - 1;
	struct sign_key * K;
	struct vkey L, W;
	struct wbuf B;
	struct note * N;
	const char * rule;
	uint8_t s1[SIGN_LEN], s2[SIGN_LEN];
	uint64_t t;

	K = sign_key_generate();
	CHECK(K != NULL);
	CHECK(vkey_make(&L, VKEY_ED25519, "o", K->pk) == 0);
	CHECK(vkey_make(&W, VKEY_COSIGNATURE, "o", K->pk) == 0);
	CHECK(memcmp(L.id, W.id, VKEY_ID_LEN) != 0);
	checkpoint_sign(K, text, len, s1);
	CHECK(sign_verify(K->pk, text, len, s1) == 0);
	CHECK(cosignature_sign(K, 77, text, len, s2) == 0);
	CHECK(sign_verify(K->pk, message, sizeof(message) - 1, s2) == 0);
	CHECK(cosignature_verify(K->pk, 77, text, len, s2) == 0);
	CHECK(cosignature_verify(K->pk, 78, text, len, s2) == -1);
	CHECK(cosignature_verify(K->pk, 77, text, len - 1, s2) == -1);
	CHECK(cosignature_verify(K->pk, 77, text, len, s1) == -1);

	wbuf_init(&B, 1000);
	note_put_text(&B, text, len);
	checkpoint_put_sig(&B, &L, s1);
	checkpoint_put_cosig(&B, &W, 77, s2);
	CHECK(wbuf_failed(&B) == 0);
	CHECK(note_parse(&N, B.data, B.len, &rule) == 0 && N->nsigs == 2);
	CHECK(checkpoint_sig_verify(&L, &N->sigs[0], text, len, &t) == 0);
	CHECK(t == 0);
	CHECK(checkpoint_sig_verify(&W, &N->sigs[1], text, len, &t) == 0);
	CHECK(t == 77);
	CHECK(checkpoint_sig_verify(&L, &N->sigs[1], text, len, &t) == -1);
	CHECK(checkpoint_sig_verify(&W, &N->sigs[0], text, len, &t) == -1);
	note_free(N);

	/* The largest time is signed, one more never. */
	t = CHECKPOINT_TIME_MAX;
	CHECK(cosignature_sign(K, t, text, len, s2) == 0);
	CHECK(cosignature_verify(K->pk, t, text, len, s2) == 0);
	CHECK(cosignature_sign(K, t + 1, text, len, s2) == -1);
	CHECK(cosignature_verify(K->pk, t + 1, text, len, s2) == -1);
	wbuf_reset(&B);
	note_put_text(&B, text, len);
	checkpoint_put_cosig(&B, &W, t + 1, s2);
	CHECK(note_parse(&N, B.data, B.len, &rule) == 0);
	CHECK(checkpoint_sig_split(&W, &N->sigs[0], &t, s1) == -1);
	note_free(N);
	wbuf_free(&B);
	sign_key_free(K);
}

/* Write ${text} as a key file of ${mode}; return 0 if it is refused with ${e}. */
static int
key_refused(const char * text, mode_t mode, int e)
{
	struct keyfile * F;

	if (file_write_atomic("key", mode, (const uint8_t *)text, strlen(text)))
		return (-1);
	if ((F = keyfile_read("key")) != NULL) {
		keyfile_free(F);
		return (-1);
	}
	return (errno == e ? 0 : -1);
}

static void
key_files(void)
{
#define SEED	"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define MAGIC	"ks-secret-key/v1 "
	static const uint8_t seed[KEYFILE_SECRET_LEN] = { 1, 2, 3 };
	static const char * const bad[] = {
	    "", "ks-secret-key/v2 vrf n " SEED "\n", MAGIC "rsa n " SEED "\n",
	    MAGIC "vrf n " SEED, MAGIC "vrf n " SEED "\n\n",
	    MAGIC "vrf  n " SEED "\n", MAGIC "vrf n+ " SEED "\n",
	    MAGIC "vrf n AAAA\n", MAGIC "vrf n\n", MAGIC "vrf " SEED "\n",
	    MAGIC "vrf n AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
	};
	struct keyfile * F;
	struct stat sb;
	char name[VKEY_NAME_MAX + 1];
	size_t i;
	uint8_t * p;

	CHECK(chdir(test_dir()) == 0);
	umask(0);
	CHECK(keyfile_write("new", KEYFILE_COSIGN, "a.b/c", seed) == 0);
	CHECK(stat("new", &sb) == 0 && (sb.st_mode & 07777) == 0600);
	CHECK(file_read("new", 1000, &p, &i) == 0);
	CHECK(strcmp((char *)p, MAGIC "cosign a.b/c " SEED "\n") == 0);
	free(p);
	F = keyfile_read("new");
	CHECK(F != NULL && F->kind == KEYFILE_COSIGN);
	CHECK(strcmp(F->name, "a.b/c") == 0);
	CHECK(memcmp(F->secret, seed, sizeof(seed)) == 0);
	keyfile_free(F);
	CHECK(keyfile_read_kind("new", KEYFILE_VRF) == NULL && errno == EINVAL);
	F = keyfile_read_kind("new", KEYFILE_COSIGN);
	CHECK(F != NULL);
	keyfile_free(F);

	/* Never a second key at the same place. */
	CHECK(keyfile_write("new", KEYFILE_VRF, "x", seed) == -1);
	CHECK(errno == EEXIST);
	CHECK(keyfile_write("new2", KEYFILE_VRF, "x y", seed) == -1);
	CHECK(errno == EINVAL && access("new2", F_OK) == -1);

	CHECK(key_refused(MAGIC "vrf n " SEED "\n", 0640, EPERM) == 0);
	CHECK(key_refused(MAGIC "vrf n " SEED "\n", 0604, EPERM) == 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(key_refused(bad[i], 0600, EINVAL) == 0);
	CHECK(keyfile_read("absent") == NULL && errno == ENOENT);

	/* The longest name fits. */
	memset(name, 'n', VKEY_NAME_MAX);
	name[VKEY_NAME_MAX] = '\0';
	CHECK(keyfile_write("long", KEYFILE_ED25519, name, seed) == 0);
	F = keyfile_read("long");
	CHECK(F != NULL && strcmp(F->name, name) == 0);
	keyfile_free(F);
}

static const struct test tests[] = {
	{ "the published notes parse, verify and format", published_notes },
	{ "the published checkpoint and cosignature are read",
	    published_checkpoint },
	{ "a verifier key has one form, and belongs to its identifier",
	    vkeys_are_strict },
	{ "a note is taken as specified or not at all", notes_are_strict },
	{ "a checkpoint is taken as specified or not at all",
	    checkpoints_are_strict },
	{ "heads and cosignatures are signed, carried and verified", signing },
	{ "secret keys stay private, unique and strict", key_files },
};
TESTS(tests)
