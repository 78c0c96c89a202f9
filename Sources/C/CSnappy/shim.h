// What Swift sees of the system library.
#include <snappy-c.h>
