// JSON read and written: order, exact numbers, escapes, refusals.

import MillraceBase
import Testing

@Suite("JSON")
struct JSONTests {
    /// Goal: what is read is written back to the byte: order, numbers and all.
    @Test(arguments: [
        #"{"b":1,"a":[true,false,null],"c":{"d":"é\n\"\\"}}"#, "[]", "{}", "-0.10e+5", #""𝄞""#,
        "12345678901234567890123", #"{"a":1,"a":2}"#,
    ])
    func roundTrip(text: String) throws {
        #expect(try JSONValue(parsing: text).text == text)
    }

    /// Goal: escapes mean what RFC 8259 says, lone surrogates become U+FFFD.
    @Test func escapes() throws {
        #expect(try JSONValue(parsing: #""\u00e9\ud834\udd1e\/\b\t""#).string == "é𝄞/\u{8}\t")
        #expect(try JSONValue(parsing: #""\ud834x""#).string == "\u{FFFD}x")
        #expect(JSONValue.string("\u{1}\u{1f}").text == #""\u0001\u001f""#)
    }

    /// Method: a good document cut at every byte is refused at each.
    @Test func everyCutIsRefused() {
        let whole = Array(#"{"a":[1,-2.5e3,"x\u0041",true],"b":{"c":null}}"#.utf8)
        for length in whole.indices {
            #expect(throws: JSONError.self) { try JSONValue(parsing: whole.prefix(length)) }
        }
    }

    @Test(arguments: [
        "01", "+1", "1.", ".5", "1e", "nul", "{a:1}", "[1,]", "{\"a\":1,}", "\"\u{1}\"", "1 2",
        "'a'",
        #""\x""#, #""\u12g4""#, #""\u+123""#,
    ])
    func nonsenseIsRefused(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    /// Goal: depth is bounded, so that hostile input cannot exhaust the stack.
    @Test func depthIsBounded() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: deep) }
    }

    /// Goal: of equal names the last is found; a new value replaces all of them.
    @Test func equalNames() throws {
        var object = try #require(try JSONValue(parsing: #"{"a":1,"a":2}"#).object)
        #expect(object["a"] == 2)
        object["a"] = 3
        #expect(JSONValue.object(object).text == #"{"a":3}"#)
    }
}
