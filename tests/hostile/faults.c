/* A world that fails on demand: preloaded into a server, it makes the disk refuse and the wall clock jump.
 *
 * ESC_FAULTS names a file that the test maps too (struct faults); ESC_FAULTS_UNDER is the folder whose files fail. Descriptors of other
 * files are left alone, and so is all else as long as the file is all zeros. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct faults {
  int64_t clock_offset_ns;
  int32_t sync_errno;          /* what fsync and fdatasync fail with; 0: they work */
  int32_t write_errno;         /* the same of write, pwrite, fallocate and opening for writing */
  int32_t refused_syncs;       /* how often a sync was refused */
  int32_t syncs_after_refusal; /* of the file whose sync was refused first */
};

static volatile struct faults *faults;
static char under[PATH_MAX];
static char first_refused[PATH_MAX];

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("ESC_FAULTS");
  const char *folder = getenv("ESC_FAULTS_UNDER");
  if (path == NULL || folder == NULL) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof(struct faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) return;
  snprintf(under, sizeof under, "%s", folder);
  faults = mapped;
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int is_under(const char *path) { return strncmp(path, under, strlen(under)) == 0; }

static int path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, size - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_under(path);
}

static int write_refused(int fd) {
  char path[PATH_MAX];
  if (faults == NULL || faults->write_errno == 0 || !path_of(fd, path, sizeof path)) return 0;
  errno = faults->write_errno;
  return 1;
}

static int sync_refused(int fd) {
  char path[PATH_MAX];
  if (faults == NULL || (faults->sync_errno == 0 && faults->refused_syncs == 0) || !path_of(fd, path, sizeof path)) return 0;
  if (first_refused[0] != 0 && strcmp(first_refused, path) == 0) faults->syncs_after_refusal++;
  if (faults->sync_errno == 0) return 0;
  if (first_refused[0] == 0) strcpy(first_refused, path);
  faults->refused_syncs++;
  errno = faults->sync_errno;
  return 1;
}

int fsync(int fd) {
  REAL(fsync);
  return sync_refused(fd) ? -1 : real(fd);
}
int fdatasync(int fd) {
  REAL(fdatasync);
  return sync_refused(fd) ? -1 : real(fd);
}
ssize_t write(int fd, const void *bytes, size_t size) {
  REAL(write);
  return write_refused(fd) ? -1 : real(fd, bytes, size);
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
  REAL(pwrite);
  return write_refused(fd) ? -1 : real(fd, bytes, size, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
  REAL(pwrite64);
  return write_refused(fd) ? -1 : real(fd, bytes, size, at);
}
int fallocate(int fd, int mode, off_t at, off_t size) {
  REAL(fallocate);
  return write_refused(fd) ? -1 : real(fd, mode, at, size);
}
static int open_refused(const char *path, int flags) {
  if (faults == NULL || faults->write_errno == 0 || (flags & O_ACCMODE) == O_RDONLY || !is_under(path)) return 0;
  errno = faults->write_errno;
  return 1;
}
int open(const char *path, int flags, ...) {
  REAL(open);
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_refused(path, flags) ? -1 : real(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  REAL(open64);
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_refused(path, flags) ? -1 : real(path, flags, mode);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(clock_gettime);
  const int result = real(clock, now);
  if (result != 0 || clock != CLOCK_REALTIME || faults == NULL) return result;
  const int64_t ns = now->tv_sec * 1000000000ll + now->tv_nsec + faults->clock_offset_ns;
  now->tv_sec = ns / 1000000000ll;
  now->tv_nsec = ns % 1000000000ll;
  return 0;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec precise;
  const int result = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return result;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
