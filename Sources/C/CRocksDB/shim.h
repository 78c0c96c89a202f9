// What Swift sees of the system library.
#include <rocksdb/c.h>
