import Foundation
import GLIP
import GroundingData
import Yams

extension ODinWTask {
  /// The tasks that a path stands for: a task file, or a folder of them. A folder's `_all.json` lists those of its files
  /// that count.
  ///
  /// - Throws: `EvaluationError`.
  public static func files(at url: URL) throws -> [URL] {
    guard (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true else { return [url] }
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: url.path) } catch {
      throw EvaluationError(.inaccessible, file: url, "cannot be read (\(error.localizedDescription))")
    }
    let isTask = { (name: String) in name.hasSuffix(".yaml") || name.hasSuffix(".yml") }
    let list = url.appending(path: "_all.json")
    let listed: [String]
    if names.contains("_all.json") {
      guard let paths = try? JSONDecoder().decode([String].self, from: text(of: list)) else {
        throw EvaluationError(.malformed, file: list, "it is no list of task files")
      }
      listed = paths.map { URL(fileURLWithPath: $0).lastPathComponent }
    } else {
      listed = names.filter(isTask).sorted()
    }
    guard !listed.isEmpty else {
      throw EvaluationError(.invalidParameters, file: url, "there is no task file in it")
    }
    return listed.map { url.appending(path: $0) }
  }

  /// Reads a task file of the authors.
  ///
  /// - Throws: `EvaluationError` naming the file and the setting.
  public init(contentsOf file: URL) throws {
    let root: Node?
    do {
      root = try Yams.compose(yaml: String(decoding: Self.text(of: file), as: UTF8.self))
    } catch let error as YamlError {
      let reason = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
      throw EvaluationError(.malformed, file: file, "it is not YAML: \(reason)")
    }
    let settings = TaskSettings(file: file, root: root ?? Node.mapping([:]))
    let parts = try settings.parts()
    func part(_ name: String) throws -> String {
      let listed = try settings.value(["DATASETS", name])?.list?.first
      guard let part = listed?.string else {
        throw settings.failure(["DATASETS", name], "a tuple with the name of a part of the data expected")
      }
      guard parts[part] != nil else {
        throw settings.failure(["DATASETS", name], "REGISTER has no '\(part)'")
      }
      return part
    }
    self.init(
      name: file.deletingPathExtension().lastPathComponent, parts: parts, trainingPart: try part("TRAIN"),
      measuredPart: try part("TEST"), classes: try settings.classes(), phrases: try settings.phrases(),
      resize: ResizeRule(
        minimumSide: try settings.size("MIN_SIZE_TEST") ?? 800,
        maximumSide: try settings.size("MAX_SIZE_TEST") ?? 1333))
  }

  /// No task file has a hundredth of it.
  private static let mostBytes = 1 << 22

  private static func text(of file: URL) throws -> Data {
    do {
      let handle = try FileHandle(forReadingFrom: file)
      defer { try? handle.close() }
      let data = try handle.read(upToCount: mostBytes + 1) ?? Data()
      guard data.count <= mostBytes else {
        throw EvaluationError(.malformed, file: file, "it is too long for a task file")
      }
      return data
    } catch let error as EvaluationError {
      throw error
    } catch {
      let reason =
        FileManager.default.fileExists(atPath: file.path) ? "it cannot be read" : "it does not exist"
      throw EvaluationError(.inaccessible, file: file, reason)
    }
  }
}

/// The settings in a task file, of which some hold Python literals in strings.
private struct TaskSettings {
  let file: URL
  let root: Node

  func failure(_ path: [String], _ reason: String) -> EvaluationError {
    EvaluationError(.malformed, file: file, "\(path.joined(separator: ".")): \(reason)")
  }

  private func node(_ path: [String]) -> Node? {
    path.reduce(root as Node?) { node, name in node?.mapping?[Node(name)] }
  }

  /// Nil for a setting that is not there, or is null.
  func value(_ path: [String]) throws -> PythonLiteral? {
    guard let node = node(path), node.null == nil else { return nil }
    guard let text = node.string else { throw failure(path, "a text with a Python value expected") }
    do {
      let value = try PythonLiteral(text)
      return value == .none ? nil : value
    } catch {
      throw failure(path, "\(error.reason) at character \(error.position)")
    }
  }

  func parts() throws -> [String: ODinWTask.Part] {
    let path = ["DATASETS", "REGISTER"]
    guard let mapping = node(path)?.mapping else { throw failure(path, "it is missing") }
    var parts: [String: ODinWTask.Part] = [:]
    for (key, value) in mapping {
      let name = key.string ?? "?"
      func member(_ member: String) throws -> String {
        guard let text = value.mapping?[Node(member)]?.string, !text.isEmpty else {
          throw failure(path + [name, member], "a path expected")
        }
        // Task files come from elsewhere; what they name lies in the folder of the data sets.
        guard !text.hasPrefix("/"), !text.split(separator: "/").contains("..") else {
          throw failure(path + [name, member], "'\(text)' leaves the folder of the data sets")
        }
        return text
      }
      parts[name] = ODinWTask.Part(annotations: try member("ann_file"), pictures: try member("img_dir"))
    }
    return parts
  }

  func classes() throws -> [ObjectClass]? {
    let path = ["DATASETS", "OVERRIDE_CATEGORY"]
    guard let value = try value(path) else { return nil }
    guard let list = value.list, !list.isEmpty else { throw failure(path, "a list of categories expected") }
    let classes = try list.enumerated().map { index, element in
      guard let id = element["id"]?.integer, let name = element["name"]?.string else {
        throw failure(path, "category \(index + 1) needs a number 'id' and a text 'name'")
      }
      return ObjectClass(id: id, name: name)
    }
    return classes.sorted { $0.id < $1.id }
  }

  func phrases() throws -> [ODinWTask.Phrase]? {
    let path = ["DATASETS", "CAPTION_PROMPT"]
    guard let value = try value(path) else { return nil }
    guard let list = value.list, !list.isEmpty else { throw failure(path, "a list of phrases expected") }
    return try list.enumerated().map { index, element in
      guard let name = element["name"]?.string else {
        throw failure(path, "phrase \(index + 1) has no text 'name'")
      }
      return ODinWTask.Phrase(
        prefix: element["prefix"]?.string ?? "", name: name, suffix: element["suffix"]?.string ?? "")
    }
  }

  func size(_ name: String) throws -> Int? {
    guard let value = try value(["INPUT", name]) else { return nil }
    guard let size = value.integer, size > 0 else {
      throw failure(["INPUT", name], "a number of pixels expected")
    }
    return size
  }
}
