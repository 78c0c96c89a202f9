// What Swift sees of the system library.
#include <libpq-fe.h>
