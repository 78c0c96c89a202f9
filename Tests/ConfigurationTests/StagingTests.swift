// Staged pages and cursors: what is written is read, what is damaged is refused, shares never change.

import Foundation
import MillraceBase
import MillraceLanding
import Testing

@testable import Millrace

@Suite("Staging")
struct StagingTests {
    static let page = StagedPage(
        fetchedAtMilliseconds: 1_700_000_000_123,
        people: [
            Person(
                row: PersonRow(
                    id: "a", firstName: "É", lastName: "", gender: "female", address: "1 Mill",
                    postCode: "2", email: "a@b", username: "u", dob: "1", registeredDate: "2",
                    phone: "3", picture: "4", nationality: "NO", title: "Ms",
                    raw: Array("{\"x\":\"é\"}".utf8), value: [0, 0xFF])),
            Person(
                row: PersonRow(
                    id: "b", firstName: "", lastName: "", gender: "", address: "", postCode: "",
                    email: "", username: "", dob: "", registeredDate: "", phone: "", picture: "",
                    nationality: "", title: "", raw: [], value: [])),
        ],
        rejected: [.init(index: 7, reason: "email is missing", raw: Array("{".utf8))])

    @Test func roundTrip() {
        #expect(StagedPage(bytes: Self.page.bytes) == Self.page)
    }

    @Test func readsColumnsBack() throws {
        let person = try #require(StagedPage(bytes: Self.page.bytes)?.people.first)
        #expect(person.id == "a" && person.gender == "female" && person.title == "Ms")
        #expect(person.row.text(.firstName) == "É" && person.row.text(.lastName).isEmpty)
        #expect(person.row.value == [0, 0xFF])
        #expect(try person.landingRow() == person.row)
    }

    /// Method: cut a good page at every length, and flip each of its bytes. None may pass.
    @Test func damageIsRefused() {
        let whole = Self.page.bytes
        for length in whole.indices {
            #expect(StagedPage(bytes: Array(whole.prefix(length))) == nil)
        }
        for index in whole.indices {
            var bytes = whole
            bytes[index] ^= 0x40
            #expect(StagedPage(bytes: bytes) == nil)
        }
    }

    /// Goal: a run asked again gets the same share, others never overlap, the end is told.
    @Test func sharesAreGivenOnce() async throws {
        let path = NSTemporaryDirectory() + "millrace-cursors-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        let cursors = SourceCursors(path: path)
        let first = try await cursors.share(of: "1", asking: 60, in: "file:a", total: 100)
        #expect(first == .init(start: 0, count: 60))
        let again = SourceCursors(path: path)
        #expect(try await again.share(of: "1", asking: 60, in: "file:a", total: 100) == first)
        #expect(
            try await again.share(of: "2", asking: 60, in: "file:a", total: 100)
                == .init(start: 60, count: 40))
        #expect(try await again.share(of: "3", asking: 1, in: "file:a", total: 100).count == 0)
        #expect(
            try await again.share(of: "3", asking: 5, in: "file:b", total: 100)
                == .init(start: 0, count: 5))
        #expect(
            try await again.share(of: "4", asking: 9, in: "file:a", total: 105)
                == .init(start: 100, count: 5))
    }
}
