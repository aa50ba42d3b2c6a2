// SPDX-License-Identifier: Apache-2.0

extension UserBus {
    /// Makes a scope and waits until its processes are in it.
    ///
    /// `done` is not enough to go on: a process that died unreaped leaves an active, empty scope behind. Compare
    /// `/proc/PID/cgroup` with the unit, and stop the unit when it differs.
    ///
    /// - Parameters:
    ///   - name: Unused and not used again: a failed unit keeps its name.
    ///   - properties: One that this systemd does not know fails the whole call (`BusError.isUnknownProperty`); see
    ///     `managerFeatures`. `AddRef` is left out on systemd's private socket, which refuses it.
    public func startTransientScope(
        _ name: String, properties: [UnitProperty], timeout: Duration = .seconds(30)
    ) async throws(BusError) {
        let accepted = isPrivate ? properties.filter { $0.name != "AddRef" } : properties
        do throws(BusError) {
            try await startTransientUnit(name, accepted, timeout)
        } catch {
            guard error.isUnitExists else { throw error }
            // Helps when a failed unit holds the name; if a live one does, the second try says so again.
            try await resetFailedUnit(name)
            try await startTransientUnit(name, accepted, timeout)
        }
    }

    private func startTransientUnit(
        _ name: String, _ properties: [UnitProperty], _ timeout: Duration
    ) async throws(BusError) {
        let method = BusMethod.manager("StartTransientUnit", unit: name, timeout: timeout)
        try await runJob(method) { (writer: BusWriter) throws(SystemdError) in
            try writer.string(name)
            try writer.string("fail")
            try writer.properties(properties)
            try writer.container("a", "(sa(sv))") { (_: BusWriter) throws(SystemdError) in }
        }
    }

    /// Stops a unit: SIGTERM and SIGCONT to all its processes, SIGKILL after its TimeoutStopUSec, and waits for the end.
    ///
    /// - Parameter timeout: Give it more than the unit's own stop timeout. Thaw a frozen unit first: systemd 257 and
    ///   later refuse to stop it.
    public func stopUnit(_ name: String, timeout: Duration = .seconds(30)) async throws(BusError) {
        try await runJob(.manager("StopUnit", unit: name, timeout: timeout)) {
            (writer: BusWriter) throws(SystemdError) in
            try writer.string(name)
            try writer.string("replace")
        }
    }

    /// Starts a unit that has a file, and waits until it is active.
    public func startUnit(_ name: String, timeout: Duration = .seconds(30)) async throws(BusError) {
        try await runJob(.manager("StartUnit", unit: name, timeout: timeout)) {
            (writer: BusWriter) throws(SystemdError) in
            try writer.string(name)
            try writer.string("replace")
        }
    }

    /// Makes a call that starts a job, and waits for the job's end.
    private func runJob(
        _ method: BusMethod, write: (BusWriter) throws(SystemdError) -> Void
    ) async throws(BusError) {
        jobs.callSent()
        let path: String
        do throws(BusError) {
            path = try await call(method, write: write) { [unowned self] (reader: BusReader) throws(SystemdError) in
                let path = try reader.string("o")
                jobs.callAnswered(path)
                return path
            }
        } catch {
            jobs.callAnswered(nil)
            throw error
        }
        switch await outcome(ofJob: path, timeout: method.timeout) {
        case .ended("done"): return
        case .ended(let result): throw method.error(.jobEnded(result: result))
        case .timedOut: throw method.error(.timedOut)
        case .disconnected: throw method.error(.disconnected)
        }
    }

    private func outcome(ofJob path: String, timeout: Duration) async -> JobTable.Outcome {
        // Without a timer (no memory) the wait is as long as the job, which systemd bounds as well.
        let timer = try? loop.timer(afterMicroseconds: timeout.wholeMicroseconds, accuracyMicroseconds: 100_000) {
            [unowned self] in jobs.timedOut(path)
        }
        defer { timer?.cancel() }
        return await withCheckedContinuation { continuation in
            jobs.wait(path) { continuation.resume(returning: $0) }
        }
    }

    /// JobRemoved(u id, o job, s unit, s result).
    func jobRemoved(_ reader: BusReader) {
        do throws(SystemdError) {
            try reader.skip("u")
            let path = try reader.string("o")
            try reader.skip("s")
            jobs.ended(path, result: try reader.string())
        } catch {
            // A manager that sends something else than it documents: the waits end by their timeouts.
            return
        }
    }
}
