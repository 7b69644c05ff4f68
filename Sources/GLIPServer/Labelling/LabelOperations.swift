import HTTPTypes
import LabelStore

extension Operation {
  /// The body of a request about labels.
  enum LabelInput {
    /// JSON of a schema.
    case json(schema: String)
    /// A form of files.
    case pictures
  }

  /// What may be in the address of a request about labels.
  enum LabelQuery: String {
    case after, limit, format, reviewed

    var meaning: String {
      switch self {
      case .after: "The id of the picture before the first that is wanted."
      case .limit: "The most pictures of the answer, 100 unless it is given."
      case .format: "The format of the file."
      case .reviewed: "Whether only reviewed pictures are part of it."
      }
    }
  }

  /// What can be asked of the labels.
  static let labelling: [Operation] = [
    Operation(
      id: .listProjects, method: .get, path: projects, summary: "All projects.",
      output: .json(schema: "Projects"), errors: reading),
    Operation(
      id: .createProject, method: .post, path: projects, summary: "Begin a project.",
      labels: .json(schema: "NewProject"), output: .json(schema: "Project"),
      errors: sending + [.nameTaken, .storeFull]),
    Operation(
      id: .showProject, method: .get, path: project, summary: "A project.",
      output: .json(schema: "Project"), errors: reading),
    Operation(
      id: .changeProject, method: .patch, path: project,
      summary: "Change a project's name, labels, caption or threshold.",
      labels: .json(schema: "ProjectChange"), output: .json(schema: "Project"),
      errors: sending + [.nameTaken]),
    Operation(
      id: .deleteProject, method: .delete, path: project,
      summary: "Delete a project with its pictures; it is answered as it was.",
      output: .json(schema: "Project"), errors: reading + [.crossSite]),
    Operation(
      id: .listPictures, method: .get, path: pictures,
      summary: "Pictures of a project, in the order in which they came.", query: [.after, .limit],
      output: .json(schema: "Pictures"), errors: reading + [.malformedRequest, .invalidField]),
    Operation(
      id: .addPictures, method: .post, path: pictures,
      summary: "Add pictures to a project; one that cannot be read spoils no other.", labels: .pictures,
      output: .json(schema: "AddedPictures"), errors: sending),
    Operation(
      id: .showPicture, method: .get, path: picture, summary: "A picture's file.",
      output: .file(types: ["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"]),
      errors: reading),
    Operation(
      id: .deletePicture, method: .delete, path: picture,
      summary: "Delete a picture with its boxes; it is answered as it was.",
      output: .json(schema: "Picture"), errors: reading + [.crossSite]),
    Operation(
      id: .showThumbnail, method: .get, path: picture + "/thumbnail",
      summary: "A picture at no more than 192 pixels a side.", output: .file(types: ["image/jpeg"]),
      errors: reading),
    Operation(
      id: .showBoxes, method: .get, path: picture + "/boxes", summary: "A picture's boxes.",
      output: .json(schema: "Boxes"), errors: reading),
    Operation(
      id: .setBoxes, method: .put, path: picture + "/boxes",
      summary: "Put boxes in the place of all that the picture has, if nobody else has meanwhile.",
      labels: .json(schema: "NewBoxes"), output: .json(schema: "Boxes"), errors: sending + [.outOfDate]),
    Operation(
      id: .startDetecting, method: .post, path: detecting,
      summary: "Have the network look at the pictures that are new.", labels: .json(schema: "Detecting"),
      output: .json(schema: "DetectingState"), errors: sending + [.unusablePrompt, .notReady]),
    Operation(
      id: .showDetecting, method: .get, path: detecting, summary: "How far the network is.",
      output: .json(schema: "DetectingState"), errors: reading),
    Operation(
      id: .stopDetecting, method: .delete, path: detecting,
      summary: "Stop after the picture that the network looks at.",
      output: .json(schema: "DetectingState"), errors: reading + [.crossSite]),
    Operation(
      id: .exportLabels, method: .get, path: project + "/export", summary: "The labels as a file.",
      query: [.format, .reviewed], output: .file(types: ExportFormat.allCases.map(\.type)),
      errors: reading + [.malformedRequest, .invalidField]),
  ]

  private static let projects = "/v1/projects"
  private static let project = projects + "/{project}"
  private static let pictures = project + "/pictures"
  private static let picture = pictures + "/{picture}"
  private static let detecting = project + "/detect"

  private static let reading: [APIError.Code] = [.notFound, .failed]
  private static let sending: [APIError.Code] = [
    .malformedRequest, .invalidField, .crossSite, .notFound, .requestTimeout, .requestTooLarge,
    .unsupportedMediaType, .queueFull, .failed,
  ]
}
