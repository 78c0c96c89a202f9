// See CMemory.h.
#include "CMemory.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif

void cmemory_limit_arenas(int count) {
#if defined(M_ARENA_MAX)
    mallopt(M_ARENA_MAX, count);
#else
    (void)count;
#endif
}

void cmemory_give_back(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}
