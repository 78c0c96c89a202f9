// The three digests of a salted password that the API shows.

import CHash

enum Digest {
    case md5, sha1, sha256

    var byteCount: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        }
    }

    /// - Parameter out: room for `byteCount` bytes.
    func write(_ bytes: [UInt8], to out: UnsafeMutablePointer<UInt8>) {
        switch self {
        case .md5: chash_md5(bytes, bytes.count, out)
        case .sha1: chash_sha1(bytes, bytes.count, out)
        case .sha256: chash_sha256(bytes, bytes.count, out)
        }
    }
}
