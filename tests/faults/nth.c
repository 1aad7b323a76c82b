/* Makes the N-th system call of a kind fail, whoever makes it: Python, libc or Rust without libc.
 *
 * A seccomp filter turns each watched call into SIGSYS. The handler counts it and either returns an error or makes the
 * call itself; the filter lets through what comes from `raw_call`. Loaded by `nth.py`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef __x86_64__
#error "only x86-64"
#endif

static atomic_long passed, wanted;
static atomic_int code;

extern long raw_call(long number, long a, long b, long c, long d, long e, long f);
extern char raw_after[];
__asm__(".text\n.globl raw_call\n.type raw_call,@function\nraw_call:\n"
        "mov %rdi,%rax\nmov %rsi,%rdi\nmov %rdx,%rsi\nmov %rcx,%rdx\nmov %r8,%r10\nmov %r9,%r8\nmov 8(%rsp),%r9\n"
        "syscall\n.globl raw_after\nraw_after:\nret\n");

/* The interpreter's own memory and this process's own words are not what is tested. */
static int is_ours(long number, const greg_t *registers) {
    if (number == SYS_mmap)
        return (int)registers[REG_R8] != -1;
    if (number == SYS_write)
        return registers[REG_RDI] > 2;
    return 1;
}

static void on_call(int signal, siginfo_t *info, void *context) {
    (void)signal;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    long number = info->si_syscall;
    long result;
    if (atomic_load(&wanted) && is_ours(number, registers) && atomic_fetch_add(&passed, 1) + 1 == atomic_load(&wanted))
        result = -atomic_load(&code);
    else
        result = raw_call(number, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX], registers[REG_R10],
                          registers[REG_R8], registers[REG_R9]);
    registers[REG_RAX] = result;
}

/* Watches these system calls from now on, in all threads. Returns 0, or the error number. */
int nth_watch(const int *numbers, int count) {
    struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSYS, &action, NULL))
        return errno;
    uint64_t after = (uint64_t)(uintptr_t)raw_after;
    struct sock_filter filter[64] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)after, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(after >> 32), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    int length = 6;
    for (int each = 0; each < count && length < 60; each++) {
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)numbers[each], 0, 1);
        filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    }
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)length, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return errno;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
        return errno;
    return 0;
}

/* Lets the n-th watched call from now on fail with this error; 0 lets all pass. Returns the calls since the last time. */
long nth_arm(long n, int error) {
    atomic_store(&wanted, 0);
    long seen = atomic_exchange(&passed, 0);
    atomic_store(&code, error);
    atomic_store(&wanted, n);
    return seen;
}
