// SPDX-License-Identifier: Apache-2.0

import Control

/// What holds for backends: the configuration, and over it the limits that were set meanwhile.
extension Registry {
    func effective(_ key: SharingKey) -> EffectiveConfiguration {
        var effective = configuration.effective(server: key.server, repository: key.repository)
        effective.limits = effective.limits.overridden(by: runTimeLimits.of(key))
        return effective
    }

    /// What the backends of a server get, where nothing is said of their repository.
    func limits(ofServer server: String) -> Limits {
        configuration.effective(server: server, repository: "").limits
            .overridden(by: runTimeLimits.of(server: server))
    }

    /// Limits that hold until the end of the supervisor. What runs has them already.
    func set(_ limits: Limits, of whose: LimitsOwner) {
        runTimeLimits.set(limits, of: whose)
        for backend in backends.values { backend.configuration.limits = effective(backend.key).limits }
    }

    /// Limits that are in the configuration now, which is read again.
    func limitsWereWritten(_ limits: Limits, of whose: LimitsOwner) throws(ConfigurationError) {
        runTimeLimits.wereWritten(limits, of: whose)
        _ = try reload()
    }
}
