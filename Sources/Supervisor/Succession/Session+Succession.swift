// SPDX-License-Identifier: Apache-2.0

import Multiplexer

/// What a session leaves to the next supervisor.
extension Session {
    /// Whom a successor has to expect.
    var known: HandedBackend.Session {
        HandedBackend.Session(id: id.raw, identity: "\(identity)", pid: facts.pid)
    }

    /// The same, with all that is under way.
    var handed: HandedBackend.Session {
        var session = known
        session.state = HandedSession.SessionState(metaTools: metaTools)
        return session
    }
}
