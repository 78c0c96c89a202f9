// Checksums and digests that Swift would be slow or long at. No state, no allocation, no I/O.
#pragma once
#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli), as Kafka's record batches use it. `seed` is 0, or an earlier result to go on from.
uint32_t chash_crc32c(uint32_t seed, const void *bytes, size_t count);

// CRC-32 (zlib's polynomial), as CQL v5 segments use it. `seed` is 0, or an earlier result to go on from.
uint32_t chash_crc32(uint32_t seed, const void *bytes, size_t count);

// Cassandra's Murmur3Partitioner token: the high half of murmur3 x64_128 with its signed-byte tail,
// INT64_MIN mapped to INT64_MAX.
int64_t chash_cassandra_token(const void *bytes, size_t count);

// Digests, hexadecimal or raw by the caller. `out` holds 16, 20 and 32 bytes.
void chash_md5(const void *bytes, size_t count, uint8_t *out);
void chash_sha1(const void *bytes, size_t count, uint8_t *out);
void chash_sha256(const void *bytes, size_t count, uint8_t *out);

