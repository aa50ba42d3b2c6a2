// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import FuzzChecks

/// A complaint ends the program, and libFuzzer keeps the input.
@main
enum MachineFuzzer {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
        _ = unsafe LLVMFuzzerRunDriver(&count, &arguments) { start, count in
            let input = unsafe UnsafeBufferPointer(start: start, count: count)
            if let complaint = MachineCheck.complaint(about: unsafe input.span) { fatalError(complaint) }
            return 0
        }
    }
}
