/* LD_PRELOAD loads this library into a server. The library replaces the C library's file functions: it
 * records the changes to the database's files in a journal, and makes operations fail on demand. The
 * files are those in the folder that the server was started in, except SQLite's `-shm`, which is shared
 * memory and has no meaning after a power cut.
 *
 * FAULTS_CONTROL names a file that contains one `struct control`. The test writes to the file; this
 * library maps it into memory.
 * FAULTS_JOURNAL names the journal: every change and every sync, in order. Each entry is a
 * `struct record`, followed by the file's name and the data. An entry is written after its operation.
 * The entry of a sync contains the length of the journal when the sync began: the sync covers at least
 * the changes before that position. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE, SYNC, READ, OPEN_TO_WRITE, KINDS };

struct control {
    struct {
        int32_t error; /* an errno; 0: no fault */
        int32_t left;  /* the number of failures that are left; negative: no limit */
        int32_t hits;  /* the number of failures so far */
        int32_t where; /* 0: all files, 1: the write-ahead log, 2: all files except the write-ahead log */
    } fault[KINDS];
    int32_t lose_syncs; /* if set, a sync reports success, does nothing and is not recorded */
    int32_t unused;
    int64_t clock_ms; /* added to the wall clock */
};

struct record {
    uint8_t kind; /* W(rite), T(runcate), S(ync), C(reate), U(nlink) */
    uint8_t name_bytes;
    uint16_t failed;
    uint32_t data_bytes;
    uint64_t offset; /* W: of the write; T: the new length; S: the journal's length when the sync began */
};

#define MAX_FD 4096
static char *names[MAX_FD];
static char owes_error[MAX_FD]; /* a sync of the same file failed for another descriptor */
static char folder[4096];
static struct control *control;
static int journal = -1;
static uint64_t journal_bytes;
static pthread_mutex_t syncs = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Finds the C library's own definition of the function. */
#define REAL(type, name, ...)                        \
    static type (*real)(__VA_ARGS__);                \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

__attribute__((constructor)) static void start(void) {
    char *path = getenv("FAULTS_CONTROL");
    if (!path || !getcwd(folder, sizeof folder)) return;
    REAL(int, "open", const char *, int, ...);
    int fd = real(path, O_RDWR);
    if (fd < 0) abort();
    void *map = mmap(0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) abort();
    char *record = getenv("FAULTS_JOURNAL");
    if (record) {
        journal = real(record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        struct stat status;
        if (journal < 0 || fstat(journal, &status)) abort();
        journal_bytes = status.st_size;
    }
    control = map;
}

/* Returns the file's name in the folder; "" for the folder itself; 0 for a file that is not watched. */
static const char *ours(const char *path) {
    size_t length = strlen(folder);
    if (!control) return 0;
    if (*path == '/') {
        if (strncmp(path, folder, length)) return 0;
        if (!path[length]) return "";
        if (path[length] != '/') return 0;
        path += length + 1;
    }
    size_t end = strlen(path);
    if (strchr(path, '/') || (end > 4 && !strcmp(path + end - 4, "-shm"))) return 0;
    return path;
}

static const char *name_of(int fd) { return fd >= 0 && fd < MAX_FD ? names[fd] : 0; }

static int fails(int kind, const char *name) {
    size_t length = strlen(name);
    int is_log = length > 4 && !strcmp(name + length - 4, "-wal");
    int error = __atomic_load_n(&control->fault[kind].error, __ATOMIC_SEQ_CST);
    int where = control->fault[kind].where;
    if (!error || (where && where != (is_log ? 1 : 2))) return 0;
    if (control->fault[kind].left == 0) return 0;
    if (control->fault[kind].left > 0) control->fault[kind].left--;
    __atomic_add_fetch(&control->fault[kind].hits, 1, __ATOMIC_SEQ_CST);
    errno = error;
    return 1;
}

static void record(char kind, const char *name, int failed, uint64_t offset, const void *data,
                   size_t bytes) {
    if (journal < 0) return;
    int before = errno;
    struct record head = {kind, (uint8_t)strlen(name), failed, (uint32_t)bytes, offset};
    struct iovec parts[] = {
        {&head, sizeof head}, {(void *)name, head.name_bytes}, {(void *)data, bytes}};
    pthread_mutex_lock(&lock);
    ssize_t written = writev(journal, parts, 3);
    if (written != (ssize_t)(sizeof head + head.name_bytes + bytes)) abort();
    journal_bytes += written;
    pthread_mutex_unlock(&lock);
    errno = before;
}

static uint64_t position(void) {
    pthread_mutex_lock(&lock);
    uint64_t bytes = journal_bytes;
    pthread_mutex_unlock(&lock);
    return bytes;
}

static int opened(int fd, const char *name, int is_new) {
    if (fd >= 0 && fd < MAX_FD && name) {
        names[fd] = strdup(name);
        if (is_new) record('C', name, 0, 0, 0, 0);
    }
    return fd;
}

#define OPEN(function)                                                                  \
    int function(const char *path, int flags, ...) {                                    \
        REAL(int, #function, const char *, int, ...);                                   \
        va_list rest;                                                                   \
        va_start(rest, flags);                                                          \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;         \
        va_end(rest);                                                                   \
        const char *name = ours(path);                                                  \
        int is_new = name && (flags & O_CREAT) && access(path, F_OK);                   \
        if (is_new && fails(WRITE, name)) return -1;                                    \
        int is_to_write = name && (flags & O_ACCMODE) != O_RDONLY;                      \
        if (is_to_write && fails(OPEN_TO_WRITE, name)) return -1;                       \
        return opened(real(path, flags, mode), name, is_new);                           \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    REAL(int, "close", int);
    if (fd >= 0 && fd < MAX_FD && names[fd]) {
        free(names[fd]);
        names[fd] = 0;
        owes_error[fd] = 0;
    }
    return real(fd);
}

ssize_t read(int fd, void *data, size_t bytes) {
    REAL(ssize_t, "read", int, void *, size_t);
    const char *name = name_of(fd);
    return name && fails(READ, name) ? -1 : real(fd, data, bytes);
}

ssize_t write(int fd, const void *data, size_t bytes) {
    REAL(ssize_t, "write", int, const void *, size_t);
    const char *name = name_of(fd);
    if (!name) return real(fd, data, bytes);
    if (fails(WRITE, name)) return -1;
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t written = real(fd, data, bytes);
    if (written > 0) record('W', name, 0, offset, data, written);
    return written;
}

#define PREAD(function, offset_t)                                                  \
    ssize_t function(int fd, void *data, size_t bytes, offset_t offset) {          \
        REAL(ssize_t, #function, int, void *, size_t, offset_t);                   \
        const char *name = name_of(fd);                                            \
        return name && fails(READ, name) ? -1 : real(fd, data, bytes, offset);     \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define PWRITE(function, offset_t)                                                 \
    ssize_t function(int fd, const void *data, size_t bytes, offset_t offset) {    \
        REAL(ssize_t, #function, int, const void *, size_t, offset_t);             \
        const char *name = name_of(fd);                                            \
        if (!name) return real(fd, data, bytes, offset);                           \
        if (fails(WRITE, name)) return -1;                                         \
        ssize_t written = real(fd, data, bytes, offset);                           \
        if (written > 0) record('W', name, 0, offset, data, written);              \
        return written;                                                            \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(function, offset_t)                                               \
    int function(int fd, offset_t length) {                                        \
        REAL(int, #function, int, offset_t);                                       \
        const char *name = name_of(fd);                                            \
        if (name && fails(WRITE, name)) return -1;                                 \
        int result = real(fd, length);                                             \
        if (name && !result) record('T', name, 0, length, 0, 0);                   \
        return result;                                                             \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

/* On Linux, a failed write-back is reported once to every open descriptor of the file
 * (https://docs.kernel.org/core-api/errseq.html). */
static int sync_fails(int fd, const char *name) {
    if (owes_error[fd]) {
        owes_error[fd] = 0;
        errno = EIO;
        return 1;
    }
    if (!fails(SYNC, name)) return 0;
    for (int other = 0; other < MAX_FD; other++)
        if (other != fd && names[other] && !strcmp(names[other], name)) owes_error[other] = 1;
    return 1;
}

#define FSYNC(function)                                                            \
    int function(int fd) {                                                         \
        REAL(int, #function, int);                                                 \
        const char *name = name_of(fd);                                            \
        if (!name) return real(fd);                                                \
        if (control->lose_syncs) return 0;                                         \
        /* One at a time: a sync that began before another one failed must not succeed. */ \
        pthread_mutex_lock(&syncs);                                                \
        uint64_t start = position();                                               \
        int result = sync_fails(fd, name) ? -1 : real(fd);                         \
        record('S', name, result ? 1 : 0, start, 0, 0);                            \
        pthread_mutex_unlock(&syncs);                                              \
        return result;                                                             \
    }
FSYNC(fsync)
FSYNC(fdatasync)

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    const char *name = ours(path);
    int result = real(path);
    if (name && !result) record('U', name, 0, 0, 0, 0);
    return result;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int result = real(clock, time);
    if (!result && control && clock == CLOCK_REALTIME) {
        int64_t ms = __atomic_load_n(&control->clock_ms, __ATOMIC_SEQ_CST);
        int64_t ns = time->tv_nsec + (ms % 1000) * 1000000;
        time->tv_sec += ms / 1000 + (ns < 0 ? -1 : ns / 1000000000);
        time->tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
    }
    return result;
}
