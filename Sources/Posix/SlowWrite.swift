// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A write(2) that may take seconds, on a thread of its own: to `memory.reclaim` of a cgroup, where the writer does the
/// reclaiming (Documentation/admin-guide/cgroup-v2, memory.reclaim).
public enum SlowWrite {
    /// Starts writing.
    ///
    /// - Returns: a pipe that becomes readable when it is done and then holds the errno, 0 for success
    ///   (`receiveNumber()`).
    public static func start(_ text: String, to path: String) throws(PosixError) -> Descriptor {
        let file = try openFile(path, flags: O_WRONLY)
        let report = try makePipe()
        let job = UnsafeMutablePointer<Job>.allocate(capacity: 1)
        let writing = try report.writing.duplicate()
        unsafe job.initialize(to: Job(file: file.release(), report: writing.release(), bytes: Array(text.utf8)))
        var thread = pthread_t()
        let failure = unsafe pthread_create(&thread, nil, runSlowWrite, job)
        guard failure == 0 else {
            unsafe runSlowWriteJob(job, attempt: false)
            throw PosixError("start", "a thread", code: failure)
        }
        pthread_detach(thread)
        return try report.reading.duplicate()
    }
}

/// What the thread is told. It owns both descriptors.
private struct Job {
    let file: Int32
    let report: Int32
    let bytes: [UInt8]
}

private func runSlowWrite(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    unsafe runSlowWriteJob(context.assumingMemoryBound(to: Job.self), attempt: true)
    return nil
}

private func runSlowWriteJob(_ pointer: UnsafeMutablePointer<Job>, attempt: Bool) {
    let job = unsafe pointer.move()
    unsafe pointer.deallocate()
    let file = Descriptor(owning: job.file)
    let report = Descriptor(owning: job.report)
    guard attempt else { return }
    let count = unsafe job.bytes.withUnsafeBytes { unsafe write(file.raw, $0.baseAddress, $0.count) }
    var code: Int32 = count < 0 ? cposix_errno() : 0
    // Fails only when nobody waits any more.
    _ = unsafe withUnsafeBytes(of: &code) { unsafe write(report.raw, $0.baseAddress, $0.count) }
}
