#include <err.h>
#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <seccomp.h>

#include "base/panic.h"

#include "jail/jail.h"
#include "jail/landlock.h"

/*
 * What no daemon of ours does once it has started.  io_uring is among them as
 * its operations do not pass the filter.  Calls that this machine does not have
 * are passed over by libseccomp.
 */
static const int denied[] = {
	/* other programs */
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(uselib),
	/* other processes */
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise),
	SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp),
	/* other ways round the filter or the file rules */
	SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(name_to_handle_at), SCMP_SYS(userfaultfd),
	SCMP_SYS(personality),
	/* the file system's shape */
	SCMP_SYS(mount), SCMP_SYS(umount), SCMP_SYS(umount2),
	SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(open_tree),
	SCMP_SYS(move_mount), SCMP_SYS(fsopen), SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(mount_setattr),
	SCMP_SYS(quotactl), SCMP_SYS(quotactl_fd), SCMP_SYS(swapon),
	SCMP_SYS(swapoff), SCMP_SYS(mknod), SCMP_SYS(mknodat),
	SCMP_SYS(fanotify_init),
	/* identities and name spaces */
	SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid),
	SCMP_SYS(setregid), SCMP_SYS(setresuid), SCMP_SYS(setresgid),
	SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(setgroups),
	SCMP_SYS(capset), SCMP_SYS(unshare), SCMP_SYS(setns),
	/* keys that are not ours */
	SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
	/* the kernel */
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(reboot),
	SCMP_SYS(syslog), SCMP_SYS(acct), SCMP_SYS(iopl), SCMP_SYS(ioperm),
	SCMP_SYS(lookup_dcookie), SCMP_SYS(vhangup),
	/* the machine's clock and name */
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(stime),
	SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
};

void
jail_init(struct jail * J)
{

	*J = (struct jail){ .ndirs = 0 };
}

void
jail_add_dir(struct jail * J, const char * path)
{

	PANIC_UNLESS(J->ndirs < JAIL_PATHS_MAX);
	J->dirs[J->ndirs++] = path;
}

void
jail_add_file(struct jail * J, const char * path)
{

	PANIC_UNLESS(J->nfiles < JAIL_PATHS_MAX);
	J->files[J->nfiles++] = path;
}

/* Add all of ${paths}, which ends with NULL. */
static void
add_files(struct jail * J, const char * const * paths)
{

	for (; *paths != NULL; paths++)
		jail_add_file(J, *paths);
}

void
jail_add_names(struct jail * J)
{
	/* The folders are what /etc/resolv.conf may be a link into. */
	static const char * const paths[] = {
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
		"/etc/host.conf", "/etc/gai.conf", "/etc/services",
		"/run/systemd/resolve", "/run/resolvconf",
		"/run/NetworkManager/resolv.conf",
		"/etc/ld.so.cache", "/usr/lib", "/lib", NULL
	};

	add_files(J, paths);
}

void
jail_add_authorities(struct jail * J)
{
	/* Files in the first are links into the others. */
	static const char * const paths[] = {
		"/etc/ssl", "/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates", NULL
	};

	add_files(J, paths);
}

/* Deny sockets of the family ${family}, or of all above it. */
static int
deny_family(scmp_filter_ctx filter, enum scmp_compare op, int family)
{
	const struct scmp_arg_cmp arg = { 0, op, (scmp_datum_t)family, 0 };

	return (seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM),
	    SCMP_SYS(socket), 1, &arg));
}

static int
deny_sockets(scmp_filter_ctx filter, int tcp)
{
	int rc;

	for (int family = 0; family <= AF_INET6; family++) {
		if (family == AF_UNIX)
			continue;
		if (tcp && (family == AF_INET || family == AF_INET6))
			continue;
		if ((rc = deny_family(filter, SCMP_CMP_EQ, family)) != 0)
			return (rc);
	}
	return (deny_family(filter, SCMP_CMP_GT, AF_INET6));
}

/* Install the filter in every thread. */
static int
filter_enter(const struct jail * J)
{
	scmp_filter_ctx filter;
	int rc;

	if ((filter = seccomp_init(SCMP_ACT_ALLOW)) == NULL) {
		warnx("jail: seccomp_init failed");
		goto err0;
	}
	if ((rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1)) != 0)
		goto err1;
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
		if (rc != 0)
			goto err1;
	}
	if ((rc = deny_sockets(filter, J->tcp)) != 0)
		goto err1;
	if ((rc = seccomp_load(filter)) != 0)
		goto err1;
	seccomp_release(filter);
	return (0);

err1:
	errno = rc < 0 ? -rc : EINVAL;
	warn("jail: seccomp");
	seccomp_release(filter);
err0:
	return (-1);
}

int
jail_enter(const struct jail * J)
{

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		warn("jail: no-new-privs");
		return (-1);
	}
	if (landlock_enter(J))
		return (-1);
	return (filter_enter(J));
}
