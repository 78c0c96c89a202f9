// libxcrypt: the slow hashes of passwords, bcrypt among them.
#include <crypt.h>
