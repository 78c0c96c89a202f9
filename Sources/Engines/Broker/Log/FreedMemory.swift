// Giving memory that was freed back to the system.

import CMemory

enum FreedMemory {
    /// The C library keeps what was freed between things in use: after 1 GB was written, 130 MB stayed,
    /// of which 6 were used. To be called when a load is over.
    static func giveBack() { cmemory_give_back() }
}
