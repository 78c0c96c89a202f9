// Error numbers of the operating system that we tell apart.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

let addressInUse = EADDRINUSE
