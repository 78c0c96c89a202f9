// swift-tools-version: 6.2
// One package, one binary. Which module may import what: docs/ARCHITECTURE.md, checked by HouseTests.

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

func target(
    _ name: String, at folder: String, uses modules: [String] = [],
    and products: [Product.Name] = []
) -> Target {
    .target(
        name: name,
        dependencies: modules.map { .init(stringLiteral: $0) } + products.map(\.dependency),
        path: "Sources/\(folder)", swiftSettings: strict)
}

func tests(_ name: String, uses modules: [String], and products: [Product.Name] = []) -> Target {
    .testTarget(
        name: name,
        dependencies: modules.map { .init(stringLiteral: $0) } + products.map(\.dependency),
        path: "Tests/\(name)", swiftSettings: strict)
}

extension Product {
    /// The library products we take from other packages.
    enum Name: String {
        // swift-format-ignore
        // The products' own names.
        case NIOCore, NIOPosix, NIOHTTP1, NIOSSL, Crypto, JWTKit
        // swift-format-ignore
        case Logging, ServiceLifecycle, UnixSignals
        // swift-format-ignore
        case AsyncHTTPClient, Hummingbird, HummingbirdCore, HummingbirdTLS
        // swift-format-ignore
        case GRDB, GRDBSQLite, Yams, ArgumentParser

        var dependency: Target.Dependency { .product(name: rawValue, package: package) }

        private var package: String {
            switch self {
            case .NIOCore, .NIOPosix, .NIOHTTP1: "swift-nio"
            case .NIOSSL: "swift-nio-ssl"
            case .Crypto: "swift-crypto"
            case .JWTKit: "jwt-kit"
            case .Logging: "swift-log"
            case .ServiceLifecycle, .UnixSignals: "swift-service-lifecycle"
            case .AsyncHTTPClient: "async-http-client"
            case .Hummingbird, .HummingbirdCore, .HummingbirdTLS: "hummingbird"
            case .GRDB, .GRDBSQLite: "GRDB.swift"
            case .Yams: "Yams"
            case .ArgumentParser: "swift-argument-parser"
            }
        }
    }
}

let libraries: [Target] = [
    .systemLibrary(name: "CRdKafka", path: "Sources/C/CRdKafka", pkgConfig: "rdkafka"),
    .systemLibrary(name: "CPostgres", path: "Sources/C/CPostgres", pkgConfig: "libpq"),
    .systemLibrary(name: "CRocksDB", path: "Sources/C/CRocksDB"),
    .systemLibrary(name: "CLZ4", path: "Sources/C/CLZ4", pkgConfig: "liblz4"),
    .systemLibrary(name: "CZstd", path: "Sources/C/CZstd", pkgConfig: "libzstd"),
    .systemLibrary(name: "CZlib", path: "Sources/C/CZlib", pkgConfig: "zlib"),
    .systemLibrary(name: "CSnappy", path: "Sources/C/CSnappy"),
    .systemLibrary(name: "CCrypt", path: "Sources/C/CCrypt"),
    .target(name: "CHash", path: "Sources/C/CHash"),
    .target(name: "CMemory", path: "Sources/C/CMemory"),
]

let ground: [Target] = [
    target("MillraceBase", at: "Base", and: [.NIOCore]),
    target(
        "MillraceHTTPServing", at: "HTTPServing",
        and: [
            .Hummingbird, .HummingbirdCore, .HummingbirdTLS, .NIOCore, .NIOSSL, .Logging,
            .ServiceLifecycle,
        ]),
    target(
        "KafkaProtocol", at: "Protocols/KafkaProtocol",
        uses: ["MillraceBase", "CHash", "CLZ4", "CZstd", "CZlib", "CSnappy"],
        and: [.NIOCore]),
    target(
        "CQLProtocol", at: "Protocols/CQLProtocol",
        uses: ["MillraceBase", "CHash", "CLZ4", "CSnappy"],
        and: [.NIOCore]),
    target("MillraceSchemas", at: "Protocols/Schemas", uses: ["MillraceBase"]),
    target("MillraceWorkflow", at: "Plans/Workflow", uses: ["MillraceBase"]),
    target("StreamPlan", at: "Plans/StreamPlan", uses: ["MillraceBase"]),
]

let clients: [Target] = [
    target(
        "KafkaClient", at: "Clients/KafkaClient",
        uses: ["MillraceBase", "KafkaProtocol", "CRdKafka"],
        and: [.NIOCore, .NIOPosix, .NIOSSL, .Crypto, .Logging]),
    target(
        "RegistryClient", at: "Clients/RegistryClient", uses: ["MillraceBase", "MillraceSchemas"],
        and: [.AsyncHTTPClient, .NIOCore, .NIOHTTP1, .NIOSSL]),
    target(
        "CQLClient", at: "Clients/CQLClient", uses: ["MillraceBase", "CQLProtocol", "CHash"],
        and: [.NIOCore, .NIOPosix, .NIOSSL, .Logging]),
    target(
        "PostgresClient", at: "Clients/PostgresClient", uses: ["MillraceBase", "CPostgres"],
        and: [.NIOCore, .NIOPosix, .Logging]),
    target(
        "RandomUserClient", at: "Clients/RandomUserClient", uses: ["MillraceBase"],
        and: [.AsyncHTTPClient, .NIOCore, .NIOHTTP1]),
    target(
        "MillraceLanding", at: "Clients/Landing",
        uses: ["MillraceBase", "PostgresClient", "RandomUserClient"],
        and: [.GRDB, .GRDBSQLite, .Logging]),
    target(
        "AirflowClient", at: "Clients/AirflowClient", uses: ["MillraceBase", "MillraceWorkflow"],
        and: [.AsyncHTTPClient, .NIOCore, .NIOHTTP1]),
]

let engines: [Target] = [
    target(
        "MillraceBroker", at: "Engines/Broker",
        uses: ["MillraceBase", "KafkaProtocol", "CHash", "CMemory"],
        and: [
            .NIOCore, .NIOPosix, .NIOSSL, .Crypto, .JWTKit, .Logging, .ServiceLifecycle,
        ]),
    target(
        "SchemaRegistry", at: "Engines/SchemaRegistry",
        uses: [
            "MillraceBase", "MillraceHTTPServing", "MillraceSchemas", "KafkaClient",
            "KafkaProtocol", "CHash",
        ],
        and: [.Hummingbird, .NIOCore, .NIOSSL, .Logging, .ServiceLifecycle]),
    target(
        "MillraceOrchestrator", at: "Engines/Orchestrator",
        uses: ["MillraceBase", "MillraceHTTPServing", "MillraceWorkflow", "PostgresClient"],
        and: [.GRDB, .Hummingbird, .NIOCore, .Logging, .ServiceLifecycle]),
    target(
        "StreamEngine", at: "Engines/StreamEngine",
        uses: [
            "MillraceBase", "StreamPlan", "KafkaClient", "KafkaProtocol", "RegistryClient",
            "MillraceSchemas",
            "CQLClient", "CQLProtocol", "MillraceLanding",
        ],
        and: [.Logging, .ServiceLifecycle]),
    target(
        "CQLStore", at: "Engines/CQLStore",
        uses: ["MillraceBase", "CQLProtocol", "CRocksDB", "CHash", "CCrypt"],
        and: [.NIOCore, .NIOPosix, .NIOSSL, .Crypto, .Logging, .ServiceLifecycle]),
    target(
        "RandomUser", at: "Engines/RandomUser",
        uses: ["MillraceBase", "MillraceHTTPServing", "RandomUserClient", "CHash"],
        and: [.Hummingbird, .NIOCore, .Logging, .ServiceLifecycle]),
]

let faces: [Target] = [
    target(
        "MillraceConsole", at: "Console",
        uses: [
            "MillraceBase", "MillraceHTTPServing", "KafkaClient", "KafkaProtocol", "RegistryClient",
            "MillraceSchemas",
            "CQLClient",
            "CQLProtocol", "PostgresClient", "MillraceLanding", "AirflowClient", "MillraceWorkflow",
            "RandomUserClient", "StreamPlan",
        ],
        and: [.Hummingbird, .NIOCore, .Logging, .ServiceLifecycle]),
    target(
        "Millrace", at: "Millrace",
        uses: (ground + clients + engines).map(\.name) + ["MillraceConsole", "CHash", "CMemory"],
        and: [
            .ArgumentParser, .Yams, .NIOCore, .Logging, .ServiceLifecycle, .UnixSignals,
            .AsyncHTTPClient, .NIOHTTP1,
        ]),
    target("MillracePipelines", at: "Pipelines", uses: ["Millrace"]),
    .executableTarget(
        name: "MillraceCLI", dependencies: ["Millrace", "MillracePipelines"],
        path: "Sources/MillraceCLI",
        swiftSettings: strict),
    .executableTarget(
        name: "kafka-load",
        dependencies: ["MillraceBase", "CRdKafka", Product.Name.ArgumentParser.dependency],
        path: "Benchmarks/KafkaLoad", swiftSettings: strict),
    .executableTarget(
        name: "cql-load",
        dependencies: [
            "MillraceBase", "CQLProtocol", "CQLClient", Product.Name.ArgumentParser.dependency,
            Product.Name.Logging.dependency,
        ],
        path: "Benchmarks/CQLLoad", swiftSettings: strict),
]

let suites: [Target] = [
    tests("BaseTests", uses: ["MillraceBase"]),
    tests("KafkaProtocolTests", uses: ["MillraceBase", "KafkaProtocol"], and: [.NIOCore]),
    tests("CQLProtocolTests", uses: ["MillraceBase", "CQLProtocol"], and: [.NIOCore]),
    tests("SchemasTests", uses: ["MillraceBase", "MillraceSchemas"]),
    tests("WorkflowTests", uses: ["MillraceBase", "MillraceWorkflow"]),
    tests("StreamPlanTests", uses: ["MillraceBase", "StreamPlan"]),
    tests("RandomUserTests", uses: ["MillraceBase", "RandomUserClient", "RandomUser"]),
    tests(
        "BrokerTests", uses: ["MillraceBase", "KafkaProtocol", "MillraceBroker"], and: [.NIOCore]),
    tests("CQLStoreTests", uses: ["MillraceBase", "CQLProtocol", "CQLStore"], and: [.NIOCore]),
    tests("OrchestratorTests", uses: ["MillraceBase", "MillraceWorkflow", "MillraceOrchestrator"]),
    tests(
        "StreamEngineTests",
        uses: [
            "MillraceBase", "StreamPlan", "StreamEngine", "KafkaClient", "CQLClient", "CQLProtocol",
        ]),
    tests(
        "ConfigurationTests", uses: ["MillraceBase", "CQLProtocol", "Millrace"], and: [.Logging]),
    tests(
        "ContractTests",
        uses: (ground + clients + engines).map(\.name) + ["Millrace"],
        and: [.NIOCore, .NIOPosix, .AsyncHTTPClient, .NIOHTTP1, .ServiceLifecycle, .Logging, .GRDB]),
    tests("EndToEndTests", uses: ["MillraceBase"]),
    tests("HouseTests", uses: ["MillraceBase"]),
]

let package = Package(
    name: "millrace",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Millrace", targets: ["Millrace"]),
        .executable(name: "millrace", targets: ["MillraceCLI"]),
    ],
    dependencies: [
        .package(
            url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
        .package(url: "https://github.com/apple/swift-nio", .upToNextMinor(from: "2.101.2")),
        .package(url: "https://github.com/apple/swift-nio-ssl", .upToNextMinor(from: "2.37.6")),
        .package(url: "https://github.com/apple/swift-crypto", .upToNextMinor(from: "4.5.2")),
        .package(url: "https://github.com/vapor/jwt-kit", .upToNextMinor(from: "5.7.1")),
        .package(url: "https://github.com/apple/swift-log", .upToNextMinor(from: "1.16.2")),
        .package(url: "https://github.com/groue/GRDB.swift", .upToNextMinor(from: "7.10.0")),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird",
            .upToNextMinor(from: "2.28.1"),
            traits: []),
        .package(
            url: "https://github.com/swift-server/async-http-client",
            .upToNextMinor(from: "1.37.0"),
            traits: []),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle",
            .upToNextMinor(from: "2.13.0")),
        .package(url: "https://github.com/jpsim/Yams", .upToNextMinor(from: "6.2.2")),
    ],
    targets: libraries + ground + clients + engines + faces + suites,
    swiftLanguageModes: [.v6]
)
