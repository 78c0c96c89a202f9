// Settings and calls of the C library's allocator that Swift does not see.
#pragma once

// Bounds the arenas of glibc's malloc; elsewhere it does nothing. To be called before threads start.
void cmemory_limit_arenas(int count);

// Gives free pages back to the system, wherever they lie among used ones. Elsewhere it does nothing.
// Takes milliseconds.
void cmemory_give_back(void);
