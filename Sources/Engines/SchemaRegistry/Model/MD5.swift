// MD5 (RFC 1321), which Confluent's registry makes a schema's GUID from. No security rests on it.

import CHash

enum MD5 {
    static func hexadecimal(_ message: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 16)
        message.withUnsafeBytes { bytes in
            digest.withUnsafeMutableBufferPointer { out in
                chash_md5(bytes.baseAddress, bytes.count, out.baseAddress)
            }
        }
        return digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// The 16 bytes in groups of 8, 4, 4, 4 and 12 digits.
    static func uuid(of message: [UInt8]) -> String {
        var out = ""
        for (index, digit) in hexadecimal(message).enumerated() {
            if [8, 12, 16, 20].contains(index) { out.append("-") }
            out.append(digit)
        }
        return out
    }
}
