// A stage that is chosen: its address, and our engine when it is ours.

import MillraceBase
import ServiceLifecycle

/// Where a stage is to be reached, and the engine that serves it when it is ours.
struct StageInPlay: Sendable {
    var name: StageName
    /// What a client dials. An engine of ours cannot be told apart by it.
    var address: Endpoint
    /// What the stack's own clients dial where the address asks people who they are. Holds a password.
    var insideAddress: Endpoint?
    /// Our own engine, already bound; `nil` when the address is somebody else's.
    var engine: (any Service)?
    /// What an acknowledgement means here, for people; empty where nothing is written.
    var policy = ""
}
