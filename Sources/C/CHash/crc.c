// CRC-32C by the processor where it can, by table where it cannot; CRC-32 by table.
#include "CHash.h"
#include <string.h>

// Eight tables of 256 entries let one step take eight bytes ("slicing by eight", Intel 2006).
typedef struct { uint32_t t[8][256]; } crc_tables;

static crc_tables castagnoli, zlib;

static void fill(crc_tables *tables, uint32_t polynomial) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (polynomial & (0u - (crc & 1)));
        tables->t[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int k = 1; k < 8; k++) {
            uint32_t before = tables->t[k - 1][i];
            tables->t[k][i] = (before >> 8) ^ tables->t[0][before & 0xff];
        }
}

// Runs before main, so no thread can see half a table.
__attribute__((constructor)) static void fill_tables(void) {
    fill(&castagnoli, 0x82f63b78u);
    fill(&zlib, 0xedb88320u);
}

static uint32_t by_table(const crc_tables *tables, uint32_t crc, const uint8_t *p, size_t count) {
    while (count >= 8) {
        uint32_t low, high;
        memcpy(&low, p, 4);
        memcpy(&high, p + 4, 4);
        low ^= crc;
        crc = tables->t[7][low & 0xff] ^ tables->t[6][(low >> 8) & 0xff] ^ tables->t[5][(low >> 16) & 0xff]
            ^ tables->t[4][low >> 24] ^ tables->t[3][high & 0xff] ^ tables->t[2][(high >> 8) & 0xff]
            ^ tables->t[1][(high >> 16) & 0xff] ^ tables->t[0][high >> 24];
        p += 8;
        count -= 8;
    }
    while (count--) crc = (crc >> 8) ^ tables->t[0][(crc ^ *p++) & 0xff];
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2")))
static uint32_t by_processor(uint32_t crc, const uint8_t *p, size_t count) {
    uint64_t wide = crc;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        wide = _mm_crc32_u64(wide, word);
        p += 8;
        count -= 8;
    }
    crc = (uint32_t)wide;
    while (count--) crc = _mm_crc32_u8(crc, *p++);
    return crc;
}

static int processor_can(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__)
__attribute__((target("crc")))
static uint32_t by_processor(uint32_t crc, const uint8_t *p, size_t count) {
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        crc = __builtin_arm_crc32cd(crc, word);
        p += 8;
        count -= 8;
    }
    while (count--) crc = __builtin_arm_crc32cb(crc, *p++);
    return crc;
}

// Every 64-bit ARM core that Swift runs on has the CRC instructions (mandatory since ARMv8.1).
static int processor_can(void) { return 1; }
#else
static uint32_t by_processor(uint32_t crc, const uint8_t *p, size_t count) {
    return by_table(&castagnoli, crc, p, count);
}
static int processor_can(void) { return 0; }
#endif

uint32_t chash_crc32c(uint32_t seed, const void *bytes, size_t count) {
    uint32_t crc = ~seed;
    crc = processor_can() ? by_processor(crc, bytes, count) : by_table(&castagnoli, crc, bytes, count);
    return ~crc;
}

uint32_t chash_crc32(uint32_t seed, const void *bytes, size_t count) {
    return ~by_table(&zlib, ~seed, bytes, count);
}
