import Testing

@testable import postbox

@Suite("Variables of services")
struct ServiceVariablesTests {
    @Test(
        "Variables of a Kubernetes Service are told from options", arguments: ["POSTBOX", "POSTBOX_WEB", "POSTBOX_2_A"])
    func kubernetes(service: String) {
        var environment = [
            "\(service)_SERVICE_HOST": "10.0.0.11", "\(service)_SERVICE_PORT": "8080",
            "\(service)_SERVICE_PORT_HTTP": "8080",
            "\(service)_SERVICE_PORT_METRICS_V2": "9090", "\(service)_PORT": "tcp://10.0.0.11:8080",
        ]
        for (scheme, proto) in [("tcp", "TCP"), ("udp", "UDP"), ("sctp", "SCTP")] {
            let port = "\(service)_PORT_8080_\(proto)"
            environment[port] = "\(scheme)://10.0.0.11:8080"
            environment["\(port)_ADDR"] = "10.0.0.11"
            environment["\(port)_PORT"] = "8080"
            environment["\(port)_PROTO"] = scheme
        }
        #expect(ServiceVariables.names(in: environment) == Set(environment.keys))
    }

    @Test("Variables of a Docker link are told from options")
    func docker() {
        let environment = [
            "POSTBOX_DB_NAME": "/web/postbox-db", "POSTBOX_DB_ENV_PATH": "/usr/bin",
            "POSTBOX_DB_PORT": "udp://172.17.0.5:53",
            "POSTBOX_DB_PORT_5432_TCP": "tcp://172.17.0.5:5432",
            "POSTBOX_DB_PORT_5432_TCP_START": "tcp://172.17.0.5:5432",
            "POSTBOX_DB_PORT_5432_TCP_PORT_END": "5433",
        ]
        #expect(ServiceVariables.names(in: environment) == Set(environment.keys))
    }

    @Test(
        "Variables that only look like those of a service are options, or slips",
        arguments: [
            ("POSTBOX_PORT", "8080"), ("POSTBOX_PORT", "http://10.0.0.11"), ("POSTBOX_ADMIN_PORT", "9090"),
            ("POSTBOX_PORT_8080", "tcp://10.0.0.11:8080"), ("POSTBOX_PORT_HTTP_TCP", "tcp://10.0.0.11:8080"),
            ("POSTBOX_PORT_8080_TCP_IDENTITY", "jwt"), ("POSTBOX_SERVICE", "x"), ("POSTBOX_SERVICE_PORT_", "1"),
            ("POSTBOX_DATABASE_NAME", "/var/lib/postbox.sqlite"), ("POSTBOX_ENV_IDENTITY", "jwt"),
            ("MY_POSTBOX_SERVICE_HOST", "10.0.0.11"), ("POSTBOX_service_host", "10.0.0.11"),
        ])
    func others(variable: String, value: String) {
        #expect(ServiceVariables.names(in: [variable: value]).isEmpty)
    }

    @Test("One notice names all variables of services, and only where there are any")
    func notice() {
        let notice = ServiceVariables.notice([
            "POSTBOX_PORT": "tcp://10.0.0.11:8080", "POSTBOX_SERVICE_HOST": "10.0.0.11", "POSTBOX_HOST": "::1",
            "PATH": "/bin",
        ])
        #expect(notice?.hasSuffix(": POSTBOX_PORT, POSTBOX_SERVICE_HOST") == true)
        #expect(ServiceVariables.notice(["POSTBOX_PORT": "1", "PATH": "/bin"]) == nil)
    }
}
