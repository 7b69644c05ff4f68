import GLIP
import LabelStore
import NIOHTTP1
import Pictures

extension APIError {
  /// What a client is told of an error of the libraries. What only the server's owner can mend is not described.
  init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as PictureError: self.init(error)
    case let error as LabelStoreError: self.init(error)
    case let error as PromptError: self.init(.unusablePrompt, Self.sentence(error.description))
    case is TaggerError:
      self.init(
        .unusablePrompt,
        "This server finds no phrases by itself; mark them, as in '[a woman] next to [a flag]'.")
    case DetectorError.tooManyPixels: self.init(.pictureTooLarge, "\(error)")
    case let error as DetectorError: self.init(.invalidField, error.description)
    case HTTPParserError.headerOverflow:
      self.init(.headerTooLarge, "The request's header is longer than this server accepts.")
    case is HTTPParserError: self.init(.malformedRequest, "The request is not valid HTTP, or ends early.")
    default: self.init(.failed, "The server failed to answer this request.")
    }
  }

  private init(_ error: PictureError) {
    let code: Code =
      switch error {
      case .fileTooLarge: .requestTooLarge
      case .tooManyPixels: .pictureTooLarge
      case .noLoader: .unsupportedMediaType
      case .unreadable, .unknownFormat, .broken: .brokenPicture
      case .unwritable, .undrawable: .failed
      }
    self.init(code, code == .unsupportedMediaType ? "The server cannot read this format." : error.description)
  }

  private init(_ error: LabelStoreError) {
    switch error {
    case .noProject, .noPicture: self.init(.notFound, error.description)
    case .nameTaken: self.init(.nameTaken, error.description)
    case .outOfDate: self.init(.outOfDate, error.description)
    case .full: self.init(.storeFull, error.description)
    case .invalid: self.init(.invalidField, error.description)
    case .unusable, .inUse, .newer: self.init(.failed, "The labels cannot be reached.")
    }
  }

  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
  }
}
