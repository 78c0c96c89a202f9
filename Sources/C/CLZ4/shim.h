// What Swift sees of the system library.
#include <lz4.h>
