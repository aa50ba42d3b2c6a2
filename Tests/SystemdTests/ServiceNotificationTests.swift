// SPDX-License-Identifier: Apache-2.0

import Foundation
import Systemd
import Testing

/// One test at a time: the socket's path is in the environment.
@Suite(.serialized) struct ServiceNotificationTests {
    @Test func outsideAServiceNothingIsSent() throws {
        unsafe unsetenv("NOTIFY_SOCKET")
        #expect(!ServiceNotification.ready())
        #expect(try !ServiceNotification.storeDescriptor(name: "a.in", 0))
    }

    @Test func statesAndDescriptorsReachTheManager() throws {
        let manager = try NotificationSocket()
        defer { manager.close() }
        #expect(ServiceNotification.ready())
        #expect(manager.receive().text == "READY=1")
        #expect(ServiceNotification.status("2 backends"))
        #expect(manager.receive().text == "STATUS=2 backends")
        #expect(try ServiceNotification.storeDescriptor(name: "a.in", 0))
        let stored = manager.receive()
        #expect(stored.text == "FDSTORE=1\nFDNAME=a.in\nFDPOLL=0")
        #expect(stored.hasDescriptors)
        #expect(ServiceNotification.removeStored(name: "a.in"))
        #expect(manager.receive().text == "FDSTOREREMOVE=1\nFDNAME=a.in")
        #expect(ServiceNotification.reloading())
        #expect(manager.receive().text.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    }

    @Test(arguments: ["", "a:b", "with space", "umlaut-ä", String(repeating: "x", count: 256)])
    func aNameThatTheStoreWouldIgnoreIsRefused(name: String) {
        #expect(throws: SystemdError.self) { try ServiceNotification.storeDescriptor(name: name, 0) }
    }
}

/// The manager's end of $NOTIFY_SOCKET.
private final class NotificationSocket {
    private let descriptor: Int32
    private let path = "/tmp/notify-\(UUID().uuidString)"

    init() throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        unsafe setenv("NOTIFY_SOCKET", path, 1)
    }

    func receive() -> (text: String, hasDescriptors: Bool) {
        var bytes = [UInt8](repeating: 0, count: 1024)
        var control = [UInt8](repeating: 0, count: 256)
        let (count, controlCount) = unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe control.withUnsafeMutableBytes { control in
                var part = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                var message = unsafe msghdr()
                return unsafe withUnsafeMutablePointer(to: &part) { part in
                    unsafe message.msg_iov = part
                    unsafe message.msg_iovlen = 1
                    unsafe message.msg_control = control.baseAddress
                    unsafe message.msg_controllen = control.count
                    let count = unsafe recvmsg(descriptor, &message, Int32(MSG_DONTWAIT))
                    return unsafe (count, message.msg_controllen)
                }
            }
        }
        return (String(decoding: bytes.prefix(max(0, count)), as: UTF8.self), controlCount > 0)
    }

    func close() {
        Foundation.close(descriptor)
        unsafe unlink(path)
        unsafe unsetenv("NOTIFY_SOCKET")
    }
}
