// Preloaded: syncs of a store's log fail with EIO as often as the file FAILING_SYNC says.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int descriptor) {
    const char *order = getenv("FAILING_SYNC");
    if (order == NULL) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 4) return 0;
    path[length] = 0;
    if (strcmp(path + length - 4, ".log") != 0) return 0;
    FILE *file = fopen(order, "r+");
    if (file == NULL) return 0;
    int left = 0;
    int read = fscanf(file, "%d", &left);
    if (read == 1 && left > 0) {
        rewind(file);
        fprintf(file, "%-8d", left - 1);
    }
    fclose(file);
    return read == 1 && left > 0;
}

int fsync(int descriptor) {
    static int (*real)(int);
    if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if (fails(descriptor)) {
        errno = EIO;
        return -1;
    }
    return real(descriptor);
}

int fdatasync(int descriptor) {
    static int (*real)(int);
    if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (fails(descriptor)) {
        errno = EIO;
        return -1;
    }
    return real(descriptor);
}
