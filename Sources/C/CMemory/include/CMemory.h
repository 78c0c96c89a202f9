// A setting of the C library's allocator that Swift does not see.
#pragma once

// Bounds the arenas of glibc's malloc; elsewhere it does nothing. To be called before threads start.
void cmemory_limit_arenas(int count);
