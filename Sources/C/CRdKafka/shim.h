// What Swift sees of the system library.
#include <librdkafka/rdkafka.h>
