// SPDX-License-Identifier: Apache-2.0

/// The release this program belongs to.
let version = "0.1.0"
