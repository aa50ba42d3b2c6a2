// SPDX-License-Identifier: Apache-2.0
import MCPWire

/// The interface that every Varlink service has: what it is, and what it can be asked.
public enum VarlinkService {
    public static let name = "org.varlink.service"
    public static let getInfo = "org.varlink.service.GetInfo"
    public static let getInterfaceDescription = "org.varlink.service.GetInterfaceDescription"

    /// The answer to `GetInfo`.
    public struct Info: Codable, Sendable, Equatable {
        public var vendor: String
        public var product: String
        public var version: String
        public var url: String
        public var interfaces: [String]
    }

    /// What this service is.
    public static let info = Info(
        vendor: "mcp-supervisor", product: "mcp-supervisor", version: version, url: "man:mcp-supervisor(8)",
        interfaces: [name, ControlInterface.name])

    /// The parameters of `GetInterfaceDescription`.
    public struct DescriptionParameters: Codable, Sendable, Equatable {
        public var interface: String
        public init(interface: String) { self.interface = interface }
    }

    /// The answer to `GetInterfaceDescription`.
    public struct Description: Codable, Sendable, Equatable {
        public var description: String
        public init(description: String) { self.description = description }
    }

    /// The description of one of our interfaces.
    ///
    /// - Throws: ``ControlError/interfaceNotFound(interface:)``.
    public static func description(of interface: String) throws(ControlError) -> Description {
        switch interface {
        case name: return Description(description: serviceDescription)
        case ControlInterface.name: return Description(description: interfaceDescription)
        default: throw .interfaceNotFound(interface: interface)
        }
    }

    /// Answers a call of `org.varlink.service`; `nil` for a call of another interface.
    public static func answer(_ call: VarlinkCall) -> VarlinkReply? {
        guard call.interface == name else { return nil }
        do {
            switch call.method {
            case getInfo:
                return VarlinkReply(parameters: try JSONCoding.encode(info))
            case getInterfaceDescription:
                let asked = try JSONCoding.decode(DescriptionParameters.self, from: call.parameters)
                return VarlinkReply(parameters: try JSONCoding.encode(description(of: asked.interface)))
            default:
                return VarlinkReply(.methodNotFound(method: call.method))
            }
        } catch let error as ControlError {
            return VarlinkReply(error)
        } catch let error as CodingFailure {
            return VarlinkReply(.parameterRefused(parameter: error.path))
        } catch {
            return VarlinkReply(.parameterRefused(parameter: ""))
        }
    }

    /// The standard's own text (https://varlink.org/Service).
    static let serviceDescription = """
        # The Varlink Service Interface is provided by every varlink service. It
        # describes the service and the interfaces it implements.
        interface org.varlink.service

        # Get a list of all the interfaces a service provides and information
        # about the implementation.
        method GetInfo() -> (
          vendor: string,
          product: string,
          version: string,
          url: string,
          interfaces: []string
        )

        # Get the description of an interface that is implemented by this service.
        method GetInterfaceDescription(interface: string) -> (description: string)

        # The requested interface was not found.
        error InterfaceNotFound (interface: string)

        # The requested method was not found
        error MethodNotFound (method: string)

        # The interface defines the requested method, but the service does not
        # implement it.
        error MethodNotImplemented (method: string)

        # One of the passed parameters is invalid.
        error InvalidParameter (parameter: string)

        # Client is denied access
        error PermissionDenied ()

        # Method is expected to be called with 'more' set to true, but wasn't
        error ExpectedMore ()

        """
}
