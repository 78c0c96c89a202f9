// What Swift sees of the system library: blocks for CQL, frames for Kafka.
#include <lz4.h>
#include <lz4frame.h>
