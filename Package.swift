// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "postbox",
    products: [.executable(name: "postbox", targets: ["postbox"])],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.1.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "CMicroHTTPD"),
        .target(name: "CMalloc"),
        .systemLibrary(name: "CCompression", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CArguments"),
        .target(name: "CMounts"),
        .target(name: "Metrics", swiftSettings: strict),
        .target(name: "HTTP", swiftSettings: strict),
        .target(name: "Compression", dependencies: ["CCompression"], swiftSettings: strict),
        .target(name: "Messaging", swiftSettings: strict),
        .target(
            name: "MessagingHTTP",
            dependencies: [
                "Compression", "HTTP", "Messaging", "Metrics", .product(name: "JWTKit", package: "jwt-kit"),
            ],
            swiftSettings: strict),
        .target(
            name: "OpenAPIDescription",
            dependencies: [.product(name: "Yams", package: "Yams")],
            path: "openapi",
            resources: [.embedInCode("openapi.yaml")],
            swiftSettings: strict),
        .target(
            name: "WebClient",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")],
            resources: [.embedInCode("page.html"), .embedInCode("postbox.js"), .embedInCode("postbox.d.ts")],
            swiftSettings: strict),
        .target(
            name: "SQLiteStore",
            dependencies: [
                "CMounts", "Messaging", "StoreWork", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(name: "StoreWork", dependencies: ["Messaging"], swiftSettings: strict),
        .target(name: "CPostgres"),
        .target(
            name: "PostgresStore", dependencies: ["CPostgres", "Messaging", "StoreWork"], swiftSettings: strict),
        .target(
            name: "MicroHTTPServer", dependencies: ["CMicroHTTPD", "HTTP", "Metrics"], swiftSettings: strict),
        .executableTarget(
            name: "postbox",
            dependencies: [
                "CArguments", "CMalloc", "Messaging", "HTTP", "MessagingHTTP", "OpenAPIDescription", "WebClient",
                "Metrics",
                "StoreWork",
                "SQLiteStore",
                "PostgresStore",
                "MicroHTTPServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["CCompression", "HTTP"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(
            name: "StoreTestSupport",
            dependencies: ["TestSupport", "Messaging", "StoreWork", "SQLiteStore", "PostgresStore"],
            path: "Tests/StoreTestSupport", swiftSettings: strict),
        .testTarget(name: "MetricsTests", dependencies: ["Metrics"], swiftSettings: strict),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP"], swiftSettings: strict),
        .testTarget(
            name: "CompressionTests", dependencies: ["TestSupport", "Compression"], swiftSettings: strict),
        .testTarget(name: "MessagingTests", dependencies: ["TestSupport", "Messaging"], swiftSettings: strict),
        .testTarget(
            name: "MessagingHTTPTests",
            dependencies: [
                "StoreTestSupport", "TestSupport", "HTTP", "MessagingHTTP", "OpenAPIDescription",
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WebClientTests",
            dependencies: ["WebClient", .product(name: "Crypto", package: "swift-crypto")], swiftSettings: strict),
        .testTarget(
            name: "SQLiteStoreTests",
            dependencies: ["StoreTestSupport", "TestSupport", "SQLiteStore", "StoreWork", "HTTP", "MessagingHTTP"],
            resources: [.copy("Schemas")],
            swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: ["StoreTestSupport", "TestSupport", "Messaging", "StoreWork"], swiftSettings: strict),
        .testTarget(
            name: "PostgresStoreTests",
            dependencies: ["TestSupport", "Messaging", "StoreWork", "SQLiteStore", "PostgresStore"],
            resources: [.copy("Schemas")],
            swiftSettings: strict),
        .testTarget(
            name: "MicroHTTPServerTests", dependencies: ["CMicroHTTPD", "MicroHTTPServer", "HTTP"],
            swiftSettings: strict),
        .testTarget(
            name: "LawTests",
            dependencies: [
                "StoreTestSupport", "TestSupport", "StoreWork", "HTTP", "MessagingHTTP", "Messaging",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "IsolationTests",
            dependencies: [
                "StoreTestSupport", "TestSupport", "HTTP", "MessagingHTTP",
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["StoreTestSupport", "TestSupport", "HTTP", "MessagingHTTP", "Messaging"],
            swiftSettings: strict),
        .testTarget(name: "postboxTests", dependencies: ["postbox"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
