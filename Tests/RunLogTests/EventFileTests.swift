import Foundation
import Pictures
import RunLog
import Testing

@Suite struct EventFileTests {
  @Test("checksums are those of RFC 3720")
  func checksums() {
    #expect(RecordFraming.crc32c(Data(count: 32)) == 0x8a91_36aa)
    #expect(RecordFraming.crc32c(Data(repeating: 255, count: 32)) == 0x62a8_ab43)
    #expect(RecordFraming.crc32c(Data(0..<32)) == 0x46dd_794e)
    #expect(RecordFraming.crc32c(Data("123456789".utf8)) == 0xe306_9283)
    #expect(RecordFraming.crc32c(Data()) == 0)
  }

  @Test("scalars, a picture and a text are read back as they were")
  func roundTrip() throws {
    let work = try Workspace()
    let file = try EventFile(in: work.url)
    let picture = Picture(width: 2, height: 1, pixels: [255, 0, 0, 0, 0, 255])
    let date = Date(timeIntervalSince1970: 1_700_000_000.25)
    try file.append(step: 7, at: date, scalars: ["loss/boxes": 0.5, "loss/alignment": .nan])
    try file.append(step: 8, at: date, picture: picture, tag: "samples")
    try file.append(step: 9, at: date, text: "**configuration** ü", tag: "notes")

    let events = try EventReader.events(of: file.url)
    #expect(events.count == 4)
    #expect(events[0].string(3) == "brain.Event:2")
    #expect(events[1].number(1).map(Double.init(bitPattern:)) == 1_700_000_000.25)
    #expect(events[1].number(2) == 7)

    let scalars = try #require(try events[1].message(5)).all(1).map(EventReader.Message.init)
    #expect(scalars.map { $0.string(1) } == ["loss/alignment", "loss/boxes"])
    let numbers = scalars.compactMap { $0.number(2) }.map { Float(bitPattern: UInt32($0)) }
    #expect(numbers[0].isNaN && numbers[1] == 0.5)

    let image = try #require(try events[2].message(5)?.message(1))
    #expect(image.string(1) == "samples")
    let content = try #require(try image.message(4))
    #expect(content.number(1) == 1 && content.number(2) == 2 && content.number(3) == 3)
    #expect(try Picture(data: Data(content.all(4)[0]), name: "image") == picture)

    let note = try #require(try events[3].message(5)?.message(1))
    #expect(note.string(1) == "notes")
    #expect(try note.message(9)?.message(1)?.string(1) == "text")
    #expect(try note.message(8)?.string(8) == "**configuration** ü")
    #expect(try note.message(8)?.number(1) == 7)
  }

  @Test("a resumed run goes on in a later file that takes back the steps after the resumed one")
  func resumption() throws {
    let work = try Workspace()
    let first = try EventFile(in: work.url)
    try first.append(step: 10, scalars: ["loss": 1])
    let second = try EventFile(in: work.url, resumingAfter: 5)
    let third = try EventFile(in: work.url, resumingAfter: 5)
    #expect(first.url.lastPathComponent < second.url.lastPathComponent)
    #expect(second.url.lastPathComponent < third.url.lastPathComponent)
    let events = try EventReader.events(of: second.url)
    #expect(events.count == 2)
    #expect(events[1].number(2) == 6)
    #expect(try events[1].message(7)?.number(1) == 1)
  }

  @Test("a file with a record cut short keeps the records before it")
  func cutShort() throws {
    let work = try Workspace()
    let file = try EventFile(in: work.url)
    try file.append(step: 1, scalars: ["loss": 1])
    let whole = try Data(contentsOf: file.url)
    for count in 0..<whole.count {
      try whole.prefix(count).write(to: work("cut"))
      #expect(try EventReader.events(of: work("cut")).count == (count < 40 ? 0 : 1))
    }
  }

  @Test("a folder that is not there is named")
  func noFolder() throws {
    let work = try Workspace()
    #expect {
      _ = try EventFile(in: work("none"))
    } throws: {
      ($0 as? RunLogError)?.kind == .inaccessible && "\($0)".contains("none/events.out.tfevents.")
    }
  }
}
