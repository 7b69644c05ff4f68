/// What was found on a data set's records.
public enum FoundObjects: Sendable {
  /// On pictures of classes, in the order of the pictures.
  case boxes(ContiguousArray<DetectedBox>)
  /// On each captioned record, best first; labels are positions of phrases.
  case phrases([[FoundObject]])
}
