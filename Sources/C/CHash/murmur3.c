// Cassandra's token of a partition key: murmur3 x64_128 with the signed-byte tail of its first
// Java port, which no client may correct. Source: ../../../docs/cassandra.md names the vectors.
#include "CHash.h"
#include <string.h>

static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

static uint64_t finish(uint64_t k) {
    k ^= k >> 33;
    k *= 0xff51afd7ed558ccdull;
    k ^= k >> 33;
    k *= 0xc4ceb9fe1a85ec53ull;
    return k ^ (k >> 33);
}

int64_t chash_cassandra_token(const void *bytes, size_t count) {
    const uint64_t c1 = 0x87c37b91114253d5ull, c2 = 0x4cf5ad432745937full;
    const uint8_t *p = bytes;
    uint64_t h1 = 0, h2 = 0;
    size_t blocks = count / 16;
    for (size_t i = 0; i < blocks; i++, p += 16) {
        uint64_t k1, k2;
        memcpy(&k1, p, 8);
        memcpy(&k2, p + 8, 8);
        h1 ^= rotate(k1 * c1, 31) * c2;
        h1 = (rotate(h1, 27) + h2) * 5 + 0x52dce729;
        h2 ^= rotate(k2 * c2, 33) * c1;
        h2 = (rotate(h2, 31) + h1) * 5 + 0x38495ab5;
    }
    uint64_t k1 = 0, k2 = 0;
    size_t left = count & 15;
    // The tail's bytes are sign-extended, as Java's are.
    for (size_t i = left; i > 8; i--) k2 ^= (uint64_t)(int64_t)(int8_t)p[i - 1] << ((i - 9) * 8);
    if (left > 8) h2 ^= rotate(k2 * c2, 33) * c1;
    for (size_t i = left < 8 ? left : 8; i > 0; i--) k1 ^= (uint64_t)(int64_t)(int8_t)p[i - 1] << ((i - 1) * 8);
    if (left > 0) h1 ^= rotate(k1 * c1, 31) * c2;
    h1 ^= count;
    h2 ^= count;
    h1 += h2;
    h2 += h1;
    h1 = finish(h1);
    h2 = finish(h2);
    h1 += h2;
    int64_t token = (int64_t)h1;
    return token == INT64_MIN ? INT64_MAX : token;
}
