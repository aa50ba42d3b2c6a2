// SPDX-License-Identifier: Apache-2.0

/// Programs that move themselves out of the scope that they were put into.
extension Backend {
    /// Looks whether it is still where it was put, and says so once when it is not.
    func noteDeparture() {
        guard let launched = process?.launched, !launched.hasDeparted, let words = departureInWords else { return }
        launched.hasDeparted = true
        registry.log.warning(words, backend: id, unit: launched.unit)
    }

    /// For `status`.
    var departureInWords: String? {
        guard let process, let place = registry.launcher.departure(of: process.launched) else { return nil }
        return "backend \(id) has moved itself out of its scope, into \(place): its limits do not hold there, and what "
            + "it starts there is neither counted nor ended with it"
    }
}
