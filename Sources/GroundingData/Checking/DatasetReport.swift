import Foundation
import Pictures

/// What a pass over a whole data set has found.
public struct DatasetReport: Sendable {
  public var records = 0
  public var objects = 0
  /// Boxes that reach beyond their picture by more than a pixel, which are cut to it before use.
  public var boxesPartlyOutside = 0
  public var faults: [DatasetError] = []
  /// Those that are not listed for their number included.
  public var faultCount = 0
}

extension GroundingDataset {
  /// Reads every record once, and looks whether its picture is there.
  ///
  /// - Parameters:
  ///   - readingPictures: whether pictures are decoded and their sizes compared, which takes by far the longest.
  ///   - progress: called after each record with the number of those that are done.
  /// - Throws: the first fault, where the data set's policy is to fail; else the report lists them all.
  public func validate(readingPictures: Bool, progress: (Int) -> Void = { _ in }) throws -> DatasetReport {
    let checked = self as? any CheckedDataset
    let log = checked?.faults ?? FaultLog(.fail)
    try checked?.validateFiles()
    var report = DatasetReport()
    for index in 0..<count {
      if let record = try soundRecord(at: index) {
        report.records += 1
        report.objects += record.objects.count
        do {
          let size = try record.checkPicture(decoding: readingPictures) ?? record.size
          report.boxesPartlyOutside += record.objects.count { $0.box.reachesBeyond(size) }
        } catch {
          try log.note(
            DatasetError(file: URL(fileURLWithPath: name), place: "record \(record.id)", error.reason))
        }
      }
      progress(index + 1)
    }
    (report.faults, report.faultCount) = (log.errors, log.count)
    return report
  }
}

extension Record {
  /// Size of the picture, if it is decoded.
  fileprivate func checkPicture(decoding: Bool) throws(Fault) -> Size? {
    guard decoding else {
      do { try picture.checkPresence() } catch { throw Fault("the picture \(error.withoutFullStop)") }
      return nil
    }
    let found: Size
    do {
      let picture = try picture.load()
      found = Size(width: picture.width, height: picture.height)
    } catch { throw Fault("the picture \(error.withoutFullStop)") }
    if let size, size != found {
      throw Fault("the picture has \(found) pixels, but the annotations say \(size)")
    }
    return found
  }
}

extension Record.Size: CustomStringConvertible {
  public var description: String { "\(width)x\(height)" }
}

extension PictureError {
  var withoutFullStop: String { String(description.dropLast()) }
}

extension CornerBox {
  fileprivate func reachesBeyond(_ size: Record.Size?) -> Bool {
    guard let size else { return false }
    return x0 < -1 || y0 < -1 || x1 > Double(size.width) || y1 > Double(size.height)
  }
}
