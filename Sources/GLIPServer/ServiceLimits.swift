/// What a client may cost. Together they bound the memory and the time that requests of any kind can take.
public struct ServiceLimits: Sendable, Hashable {
  /// Most bytes of a request's body.
  public var bodyBytes = 16 << 20
  /// Most bytes of all bodies that are held at one time.
  public var heldBytes = 256 << 20
  /// Most pixels of a picture, checked before any is decoded.
  public var picturePixels = 25_000_000
  /// Most pixels of a picture's width and of its height.
  public var pictureSide = 16_384
  /// Most pictures of one request for several.
  public var batchPictures = 16
  /// Most pictures that are prepared or wait for the network at one time; further requests are answered with 429.
  public var queuedPictures = 64
  /// Most Unicode scalars of a prompt, or of all class names together.
  public var promptCharacters = 4_000
  /// Most class names.
  public var classes = 200
  /// The most detections of one picture that may be asked for.
  public var detections = 1_000
  /// Most connections; further ones wait to be accepted.
  public var connections = 256
  /// Most bytes of a request's header, its target included.
  public var headerBytes = 32 << 10
  /// Most fields of a request's header.
  public var headerFields = 100
  /// How long a connection may take to send a request's header.
  public var headerTime = Duration.seconds(30)
  /// How long a request's body may take to arrive.
  public var bodyTime = Duration.seconds(30)
  /// How long a request may wait for the network, counted from when its body is there.
  public var waitingTime = Duration.seconds(60)
  /// How long a client may take to receive an answer.
  public var answerTime = Duration.seconds(60)

  public init() {}
}
