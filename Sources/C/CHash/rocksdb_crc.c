// CRC-32C for RocksDB, whose Debian package is built for processors without an instruction for it.
//
// RocksDB checks each byte of its log when it is written and again when a store is opened. Debian's library does so with
// tables: a fifth of what a start after kill -9 takes (a second for each GB of log) went there. A program's own symbol
// comes before that of a library, so this one, of the same name and meaning, is taken instead. It is weak: a library that
// is linked statically keeps its own, and where nobody looks for the name nothing happens.
//
// Source: `uint32_t rocksdb::crc32c::Extend(uint32_t init_crc, const char *data, size_t n)`, util/crc32c.h.

#include "CHash.h"

#if defined(__linux__)
__attribute__((weak, visibility("default"))) uint32_t millrace_rocksdb_crc32c(
    uint32_t seed, const char *bytes, size_t count) __asm__("_ZN7rocksdb6crc32c6ExtendEjPKcm");

uint32_t millrace_rocksdb_crc32c(uint32_t seed, const char *bytes, size_t count) {
    return chash_crc32c(seed, bytes, count);
}
#endif
