// SPDX-License-Identifier: Apache-2.0

/// The version of everything in this package: programs, control protocol's `GetInfo`, what backends are told.
public let version = "0.1.0"
