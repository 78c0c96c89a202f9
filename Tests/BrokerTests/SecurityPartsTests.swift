// Names out of certificates, settings under Kafka's names, SCRAM alterations and limits, as values.

import Foundation
import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Client certificates")
struct ClientCertificateTests {
    /// C=DE, O=Mill, Race "Co", OU=Tests+OU=More, CN=al=ice, emailAddress=a@b.c
    private static let certificate =
        "MIICLjCCAdOgAwIBAgIUDlXAL9jBLCoRuxIW7oQjDNo//V4wCgYIKoZIzj0EAwIwazELMAkGA1UEBhMCREUxGDAW"
        + "BgNVBAoMD01pbGwsIFJhY2UgIkNvIjEbMAsGA1UECwwETW9yZTAMBgNVBAsMBVRlc3RzMQ8wDQYDVQQDDAZhbD1p"
        + "Y2UxFDASBgkqhkiG9w0BCQEWBWFAYi5jMCAXDTI2MTEyMzE1MzEzNVoYDzIxMjYxMDMwMTUzMTM1WjBrMQswCQYD"
        + "VQQGEwJERTEYMBYGA1UECgwPTWlsbCwgUmFjZSAiQ28iMRswCwYDVQQLDARNb3JlMAwGA1UECwwFVGVzdHMxDzAN"
        + "BgNVBAMMBmFsPWljZTEUMBIGCSqGSIb3DQEJARYFYUBiLmMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATjnZg2"
        + "5x6SXk/zdIupbFZIH0QQaVewiuL9fm2AEjvxMBTju7Ra2FGbzbvEJKUkjzzRuQbedtF8fle/6qEXN8KFo1MwUTAd"
        + "BgNVHQ4EFgQUsNySIhwBH2UdpuFDCNeUU17gvLIwHwYDVR0jBBgwFoAUsNySIhwBH2UdpuFDCNeUU17gvLIwDwYD"
        + "VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAylxjyFj7Ett3XJNVbr+v43WojNRLkVuLEUNuDKDBP+oC"
        + "IQD1cTsg6QsaXvUhuQ1JQUZIhJbSQxWI/KDbcpxh5u+reg=="

    private var bytes: [UInt8] { Array(Data(base64Encoded: Self.certificate) ?? Data()) }

    /// Method: what Java's X500Principal.getName(), so Kafka, prints for this certificate.
    @Test func aSubjectReadsAsInKafka() {
        #expect(
            DistinguishedName(certificate: bytes)?.text
                == "1.2.840.113549.1.9.1=#16056140622e63,CN=al\\=ice,OU=More+OU=Tests,"
                + "O=Mill\\, Race \\\"Co\\\",C=DE")
    }

    /// Goal: no input crashes the reader: cut at every byte, and each byte changed.
    @Test func damagedCertificatesDoNoHarm() {
        let bytes = bytes
        for length in 0..<200 { _ = DistinguishedName(certificate: Array(bytes[..<length])) }
        for position in bytes.indices {
            for change in [UInt8(1), 0x80, 0xff] {
                var damaged = bytes
                damaged[position] ^= change
                _ = DistinguishedName(certificate: damaged)
            }
        }
    }

    @Test(arguments: [
        ("DEFAULT", "CN=Duke,OU=Users,O=Mill"),
        ("RULE:^CN=(.*?),OU=Users.*$/$1/", "Duke"),
        ("RULE:^CN=(.*?),OU=Users.*$/$1/L, DEFAULT", "duke"),
        ("RULE:^CN=(.*?),OU=Users.*$/$1@mill/U", "DUKE@MILL"),
        ("RULE:^CN=(.*?),OU=Guests.*$/$1/,RULE:^.*OU=(.*?),.*$/of $1/L,DEFAULT", "of users"),
        ("RULE:^CN=(.*?),OU=Guests.*$/$1/,DEFAULT", "CN=Duke,OU=Users,O=Mill"),
    ])
    func rulesNameAClient(rules: String, name: String) throws {
        #expect(try PrincipalMapping(rules).name(for: "CN=Duke,OU=Users,O=Mill") == name)
    }

    @Test(arguments: ["", "RULE:", "RULE:a", "RULE:a/b", "RULE:(/b/", "OTHER", "DEFAULT DEFAULT"])
    func badRulesAreRefused(rules: String) {
        #expect(throws: BrokerError.self) { try PrincipalMapping(rules) }
    }

    /// Goal: as with Kafka, somebody whom no rule names may not come in.
    @Test func withoutARuleNobodyComesIn() throws {
        let mapping = try PrincipalMapping("RULE:^CN=(.*?),OU=Guests.*$/$1/")
        #expect(throws: BrokerError.self) { try mapping.name(for: "CN=Duke,OU=Users") }
    }
}

@Suite("Broker properties")
struct BrokerPropertiesTests {
    private static func configuration(
        _ text: String, files: [String: String] = [:]
    ) throws(BrokerError) -> BrokerConfiguration {
        var configuration = BrokerConfiguration(directory: "unused")
        var properties = BrokerProperties(try BrokerProperties.parse(text)) { files[$0] }
        try properties.apply(to: &configuration)
        return configuration
    }

    @Test func readsAFileLikeKafkas() throws {
        let configuration = try Self.configuration(
            """
            # comment
            listeners=OUTSIDE://0.0.0.0:9093,\\
              PLAINTEXT://127.0.0.1:0
            listener.security.protocol.map = OUTSIDE:SASL_SSL
            advertised.listeners=OUTSIDE://kafka.example:19093
            ssl.certificate.location=/c.pem
            ssl.key.location=/k.pem
            ssl.client.auth=requested
            sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
            sasl.users.file=users
            authorizer=acls
            super.users=User:admin;User:CN=a,OU=b
            connections.max.reauth.ms=60000
            max.connections.per.ip=7
            """, files: ["users": "admin:se:cret\n# nobody\nbob:b\n"])
        #expect(configuration.listeners.map(\.name) == ["OUTSIDE", "PLAINTEXT"])
        let outside = configuration.listeners[0]
        #expect(outside.securityProtocol == .saslSSL)
        #expect(outside.advertisedHost == "kafka.example")
        #expect(outside.advertisedPort == 19_093)
        #expect(outside.tls?.clientAuthentication == .requested)
        #expect(outside.saslMechanisms == [.scramSHA512, .plain])
        #expect(configuration.listeners[1].saslMechanisms.isEmpty)
        #expect(configuration.sasl.plainUsers["admin"] == Secret("se:cret"))
        #expect(configuration.sasl.scramUsers.count == 2)
        #expect(configuration.sasl.reauthenticationMilliseconds == 60_000)
        #expect(configuration.limits.connectionsPerAddressMax == 7)
        guard case .acls(let superUsers, false) = configuration.authorizer else {
            Issue.record("no authorizer")
            return
        }
        #expect(superUsers.map(\.name) == ["admin", "CN=a,OU=b"])
    }

    /// Goal: a file written on Windows, or on an old Mac, says the same, first comment and all.
    @Test(arguments: ["\n", "\r\n", "\r"])
    func linesEndInEveryWay(end: String) throws {
        let text = [
            "# comment", "listeners=SASL_PLAINTEXT://h:1,\\", "  SSL://h:2", "", "a = b", "",
        ]
        #expect(
            try BrokerProperties.parse(text.joined(separator: end))
                == ["listeners": "SASL_PLAINTEXT://h:1,SSL://h:2", "a": "b"])
    }

    /// Goal: a line that goes on, and does not, is refused, not left out.
    @Test func aLineThatGoesOnBehindTheEndIsRefused() throws {
        #expect(throws: BrokerError.self) { try BrokerProperties.parse("a=b\nauthorizer=acls\\") }
        #expect(try BrokerProperties.parse("authorizer=acls\\\n") == ["authorizer": "acls"])
    }

    @Test(arguments: [
        "listenrs=PLAINTEXT://:9092", "listeners=PLAINTEXT:9092", "listeners=OTHER://h:1",
        "listeners=SSL://h:1", "listeners=PLAINTEXT://h:70000", "no sign",
        "advertised.listeners=SSL://h:1", "advertised.listeners=PLAINTEXT://0.0.0.0:1",
        "sasl.enabled.mechanisms=GSSAPI", "sasl.users.file=missing", "authorizer=yes",
        "super.users=alice", "connections.max.reauth.ms=-1",
        "auto.create.topics.enable=perhaps", "listener.security.protocol.map=A",
        "sasl.oauthbearer.unsecured=true\nsasl.oauthbearer.jwks.location=x",
    ])
    func refusesWhatItDoesNotKnow(text: String) {
        #expect(throws: BrokerError.self) { try Self.configuration(text) }
    }

    private static let outside = """
        listeners=OUTSIDE://:0,SSL://:0
        listener.security.protocol.map=OUTSIDE:SSL
        ssl.certificate.location=/c.pem
        ssl.key.location=/k.pem

        """

    /// Goal: a listener's own settings are its own however its name is written, and nobody else's.
    @Test(arguments: ["outside", "OUTSIDE", "Outside"])
    func aListenersNameCountsWithoutCase(name: String) throws {
        let configuration = try Self.configuration(
            Self.outside + "listener.name.\(name).ssl.client.auth=required")
        #expect(configuration.listeners[0].tls?.clientAuthentication == .required)
        #expect(
            configuration.listeners[1].tls?.clientAuthentication
                == ListenerTLS.ClientAuthentication.none)
    }

    /// Goal: what was meant for a listener is never dropped without a word.
    @Test(arguments: [
        ("listener.name.outsde.ssl.client.auth=required", "\"outsde\"; name one of OUTSIDE, SSL"),
        ("listener.name.plaintext.sasl.enabled.mechanisms=PLAIN", "no listener \"plaintext\""),
        ("listener.name..ssl.client.auth=required", "no listener \"\""),
        ("listener.name.outsde.ssl.client.auth=", "no listener \"outsde\""),
        ("listener.name.ssl.client.auth=required", "no setting of that name"),
        (
            "listener.name.outside.ssl.client.auth=none\n"
                + "listener.name.OUTSIDE.ssl.client.auth=required", "the same setting as"
        ),
    ])
    func refusesSettingsOfNoListener(text: String, words: String) {
        let error = #expect(throws: BrokerError.self) {
            try Self.configuration(Self.outside + text)
        }
        let name = text.split(separator: "\n")[0].split(separator: "=")[0]
        #expect(error?.description.contains(words) == true)
        #expect(error?.description.contains(name) == true)
    }

    /// Goal: who names super users is told that there is nobody to ask about them.
    @Test(arguments: [
        "super.users=User:a", "allow.everyone.if.no.acl.found=true",
        "allow.everyone.if.no.acl.found=false", "super.users=User:a\nauthorizer=",
    ])
    func refusesRulesWithoutAnAuthorizer(text: String) throws {
        let error = #expect(throws: BrokerError.self) { try Self.configuration(text) }
        #expect(error?.description.contains("set authorizer=acls") == true)
        let name = text.prefix { $0 != "=" }
        #expect(error?.description.hasPrefix(name) == true)
    }

    @Test func anAuthorizerMayBeSwitchedOff() throws {
        let configuration = try Self.configuration("super.users=User:a\nauthorizer=none")
        guard case .none = configuration.authorizer else {
            Issue.record("an authorizer nobody asked for")
            return
        }
    }

    /// Goal: a password never shows in what is printed or dumped.
    @Test func secretsAreNotShown() throws {
        let configuration = try Self.configuration(
            "listeners=SASL_PLAINTEXT://:0\nsasl.users.file=users",
            files: ["users": "bob:hidden-word"])
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!"\(configuration) \(dumped)".contains("hidden-word"))
    }
}

@Suite("SCRAM alterations")
struct ScramAlterationTests {
    private static let known: [String: [Int8: ScramCredential]] = [
        "old": [1: ScramCredential(salt: [1], storedKey: [], serverKey: [], iterations: 4_096)]
    ]

    private static func upsertion(
        _ name: String, _ mechanism: Int8 = 1, iterations: Int32 = 4_096, bytes: Int = 32
    ) -> AlterUserScramCredentialsRequest.Upsertion {
        var upsertion = AlterUserScramCredentialsRequest.Upsertion()
        upsertion.name = name
        upsertion.mechanism = mechanism
        upsertion.iterations = iterations
        upsertion.salt = [1, 2, 3]
        upsertion.saltedPassword = [UInt8](repeating: 7, count: bytes)
        return upsertion
    }

    private static func deletion(
        _ name: String, _ mechanism: Int8 = 1
    ) -> AlterUserScramCredentialsRequest.Deletion {
        var deletion = AlterUserScramCredentialsRequest.Deletion()
        deletion.name = name
        deletion.mechanism = mechanism
        return deletion
    }

    private static func alteration(
        _ upsertions: [AlterUserScramCredentialsRequest.Upsertion],
        _ deletions: [AlterUserScramCredentialsRequest.Deletion] = []
    ) -> ScramAlteration {
        var request = AlterUserScramCredentialsRequest()
        request.upsertions = upsertions
        request.deletions = deletions
        return ScramAlteration(request, known: known)
    }

    /// Goal: each user fails or succeeds alone, with KIP-554's errors.
    @Test func eachUserForItself() {
        let alteration = Self.alteration(
            [
                Self.upsertion("new"), Self.upsertion("few", iterations: 4_095),
                Self.upsertion("many", iterations: 16_385), Self.upsertion(""),
                Self.upsertion("odd", 9), Self.upsertion("short", 2),
            ], [Self.deletion("old"), Self.deletion("ghost"), Self.deletion("old2", 7)])
        #expect(alteration.faults["new"] == nil)
        #expect(alteration.faults["old"] == nil)
        for name in ["few", "many", "", "short"] {
            #expect(alteration.faults[name]?.code == .unacceptableCredential)
        }
        #expect(alteration.faults["odd"]?.code == .unsupportedSaslMechanism)
        #expect(alteration.faults["old2"]?.code == .unsupportedSaslMechanism)
        #expect(alteration.faults["ghost"]?.code == .resourceNotFound)
        #expect(alteration.records.count == 2)
        #expect(alteration.users.count == 9)
    }

    @Test func nothingTwiceInARequest() {
        let twice = Self.alteration([Self.upsertion("a"), Self.upsertion("a"), Self.upsertion("b")])
        #expect(twice.faults["a"]?.code == .duplicateResource)
        #expect(twice.records.count == 1)
        let both = Self.alteration([Self.upsertion("old")], [Self.deletion("old")])
        #expect(both.faults["old"]?.code == .duplicateResource)
        // Two mechanisms of one user are two credentials.
        let mechanisms = Self.alteration([Self.upsertion("a"), Self.upsertion("a", 2, bytes: 64)])
        #expect(mechanisms.faults.isEmpty)
        #expect(mechanisms.records.count == 2)
    }
}

@Suite("Connection limits")
struct ConnectionLimitTests {
    @Test func countsAllAndEachAddress() {
        var limits = ConnectionLimits()
        limits.connectionsMax = 3
        limits.connectionsPerAddressMax = 2
        let count = ConnectionCount(limits)
        #expect(count.began("a"))
        #expect(count.began("a"))
        #expect(!count.began("a"))
        #expect(count.began("b"))
        #expect(!count.began("c"))
        count.ended("a")
        #expect(count.began("c"))
    }

    /// Goal: a client that has not said who it is cannot claim much.
    @Test func aSmallerLimitRefusesEarlier() throws {
        var reader = FrameReader(limitBytes: Limits.unauthenticatedRequestBytesMax)
        reader.add(.init(integer: Int32(Limits.unauthenticatedRequestBytesMax)))
        #expect(try reader.next() == nil)
        #expect(reader.claimedBytes == Limits.unauthenticatedRequestBytesMax + 4)
        reader = FrameReader(limitBytes: Limits.unauthenticatedRequestBytesMax)
        reader.add(.init(integer: Int32(Limits.unauthenticatedRequestBytesMax + 1)))
        #expect(throws: FrameFault.self) { try reader.next() }
    }

    @Test(arguments: [
        ("User:alice", "alice"), ("User:CN=a:b,OU=c", "CN=a:b,OU=c"), ("Group:g", "g"),
    ])
    func principalsAreRead(text: String, name: String) {
        #expect(KafkaPrincipal(text)?.name == name)
        #expect(KafkaPrincipal(text)?.description == text)
    }

    @Test(arguments: ["", "alice", ":alice", "User:"])
    func noPrincipals(text: String) { #expect(KafkaPrincipal(text) == nil) }
}
