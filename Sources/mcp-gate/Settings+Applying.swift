// SPDX-License-Identifier: Apache-2.0

import CPosix

extension Settings {
    /// Changes this process as the backend shall find itself. What the kernel refuses is said and left as it was: a
    /// backend with another limit is better than none.
    func apply() {
        if let descriptorLimit { limitDescriptors(descriptorLimit) }
        if let mask = self.umask { _ = CPosix.umask(mask) }
        if let oomAdjustment { adjustOOM(oomAdjustment) }
    }

    /// The soft limit, never above the hard one.
    private func limitDescriptors(_ soft: rlim_t) {
        var limit = rlimit()
        guard cposix_get_descriptor_limit(&limit) == 0 else { return warn("getrlimit(RLIMIT_NOFILE)") }
        limit.rlim_cur = min(soft, limit.rlim_max)
        guard cposix_set_descriptor_limit(&limit) == 0 else { return warn("setrlimit(RLIMIT_NOFILE)") }
    }

    private func adjustOOM(_ adjustment: Int) {
        let file = cposix_open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0)
        guard file >= 0 else { return warn("open /proc/self/oom_score_adj") }
        let text = Array(String(adjustment).utf8)
        let written = write(file, text, text.count)
        if written < 0 { warn("write /proc/self/oom_score_adj") }
        close(file)
    }
}

/// One line on stderr, which is the backend's log.
func warn(_ attempt: String) {
    let why = strerror(cposix_errno()).map { String(cString: $0) } ?? "error"
    let line = Array(("mcp-gate: " + attempt + ": " + why + ", ignoring\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
}
