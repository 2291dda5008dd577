/* A slow drive: preloaded into a program, it makes each file-system call under SLOW_ROOT wait 0.3 ms.
 *
 * Listing waits once for each 512 entries, about what one call brings. Everything else (the interpreter's own
 * files, the database) goes on at full speed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST_FILES 65536
#define ENTRIES_A_CALL 512
#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

static char is_slow[MOST_FILES];    /* by file descriptor */
static unsigned entries[MOST_FILES]; /* listed so far, by file descriptor */

static void wait_a_call(void) {
    struct timespec time = {0, 300000};
    nanosleep(&time, NULL);
}

static int is_below(const char *path) {
    static const char *root;
    static size_t length;
    if (!root) {
        root = getenv("SLOW_ROOT");
        length = root ? strlen(root) : 0;
    }
    return length && path && !strncmp(path, root, length);
}

static int is_slow_file(int file) { return file >= 0 && file < MOST_FILES && is_slow[file]; }

static void wait_at(int folder, const char *path) {
    if (is_below(path) || (path && path[0] != '/' && is_slow_file(folder))) wait_a_call();
}

static void mark(int file) { /* by its path: descriptors are also duplicated */
    char link[64], path[4096];
    if (file < 0 || file >= MOST_FILES) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    is_slow[file] = is_below(path);
    entries[file] = 0;
}

static void unmark(int file) {
    if (file >= 0 && file < MOST_FILES) is_slow[file] = 0;
}

#define STATS(stat, lstat, fstat, fstatat, type) \
    int stat(const char *path, struct type *into) { wait_at(-1, path); return REAL(stat)(path, into); } \
    int lstat(const char *path, struct type *into) { wait_at(-1, path); return REAL(lstat)(path, into); } \
    int fstat(int file, struct type *into) { if (is_slow_file(file)) wait_a_call(); return REAL(fstat)(file, into); } \
    int fstatat(int folder, const char *path, struct type *into, int flags) { \
        wait_at(folder, path); return REAL(fstatat)(folder, path, into, flags); \
    }
STATS(stat, lstat, fstat, fstatat, stat)
STATS(stat64, lstat64, fstat64, fstatat64, stat64)

#define OPENS(open, openat) \
    int open(const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        wait_at(-1, path); int file = REAL(open)(path, flags, mode); \
        if (is_below(path)) mark(file); \
        return file; \
    } \
    int openat(int folder, const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        wait_at(folder, path); int file = REAL(openat)(folder, path, flags, mode); mark(file); return file; \
    }
OPENS(open, openat)
OPENS(open64, openat64)

DIR *opendir(const char *path) {
    wait_at(-1, path);
    DIR *folder = REAL(opendir)(path);
    if (folder) mark(dirfd(folder));
    return folder;
}

DIR *fdopendir(int file) {
    mark(file);
    return REAL(fdopendir)(file);
}

#define READDIR(readdir, type) \
    struct type *readdir(DIR *folder) { \
        int file = dirfd(folder); \
        if (is_slow_file(file) && entries[file]++ % ENTRIES_A_CALL == 0) wait_a_call(); \
        return REAL(readdir)(folder); \
    }
READDIR(readdir, dirent)
READDIR(readdir64, dirent64)

ssize_t read(int file, void *into, size_t count) {
    if (is_slow_file(file)) wait_a_call();
    return REAL(read)(file, into, count);
}

int close(int file) {
    unmark(file);
    return REAL(close)(file);
}

int closedir(DIR *folder) {
    unmark(dirfd(folder));
    return REAL(closedir)(folder);
}
