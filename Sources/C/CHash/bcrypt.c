// bcrypt: the slow hash of passwords that Cassandra keeps ($2a$).
// Source: Provos and Mazieres, "A Future-Adaptable Password Scheme", USENIX 1999.
#include "CHash.h"
#include "pi_words.h"
#include <string.h>

typedef struct {
    uint32_t keys[18];
    uint32_t boxes[4][256];
} blowfish;

static inline uint32_t mix(const blowfish *state, uint32_t x) {
    return ((state->boxes[0][x >> 24] + state->boxes[1][x >> 16 & 255]) ^ state->boxes[2][x >> 8 & 255])
        + state->boxes[3][x & 255];
}

static inline void encipher(const blowfish *state, uint32_t *left, uint32_t *right) {
    uint32_t l = *left ^ state->keys[0], r = *right;
    for (int round = 1; round <= 16; round += 2) {
        r ^= mix(state, l) ^ state->keys[round];
        l ^= mix(state, r) ^ state->keys[round + 1];
    }
    *left = r ^ state->keys[17];
    *right = l;
}

// The next word of bytes that begin anew when they end.
static uint32_t next_word(const uint8_t *bytes, size_t count, size_t *at) {
    uint32_t word = 0;
    for (int i = 0; i < 4; i++) {
        word = word << 8 | bytes[*at];
        *at = (*at + 1) % count;
    }
    return word;
}

// `salt` is 16 bytes or NULL.
static void expand(blowfish *state, const uint8_t *salt, const uint8_t *key, size_t count) {
    size_t at = 0, salted = 0;
    for (int i = 0; i < 18; i++) state->keys[i] ^= next_word(key, count, &at);
    uint32_t left = 0, right = 0, *all[5] = {state->keys, state->boxes[0], state->boxes[1], state->boxes[2], state->boxes[3]};
    for (int part = 0; part < 5; part++) {
        int words = part == 0 ? 18 : 256;
        for (int i = 0; i < words; i += 2) {
            if (salt) {
                left ^= next_word(salt, 16, &salted);
                right ^= next_word(salt, 16, &salted);
            }
            encipher(state, &left, &right);
            all[part][i] = left;
            all[part][i + 1] = right;
        }
    }
}

void chash_bcrypt(const void *key, size_t count, const uint8_t *salt, uint32_t cost, uint8_t *out) {
    blowfish state;
    memcpy(state.keys, pi_words, sizeof state.keys);
    memcpy(state.boxes, pi_words + 18, sizeof state.boxes);
    expand(&state, salt, key, count);
    for (uint64_t left = (uint64_t)1 << cost; left > 0; left--) {
        expand(&state, NULL, key, count);
        expand(&state, NULL, salt, 16);
    }
    uint32_t text[6];
    size_t at = 0;
    for (int i = 0; i < 6; i++) text[i] = next_word((const uint8_t *)"OrpheanBeholderScryDoubt", 24, &at);
    for (int i = 0; i < 64; i++)
        for (int pair = 0; pair < 6; pair += 2) encipher(&state, &text[pair], &text[pair + 1]);
    for (int i = 0; i < 24; i++) out[i] = (uint8_t)(text[i / 4] >> (24 - 8 * (i % 4)));
    memset(&state, 0, sizeof state);
}
