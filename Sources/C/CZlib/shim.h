// What Swift sees of the system library.
#include <zlib.h>
