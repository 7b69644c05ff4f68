// Frames of a camera.

/** The longest side of a frame that is sent: networks see no more. */
const longestSide = 1333;

const reasons = {
  NotAllowedError: "The camera may not be used: the browser or whoever uses it does not allow it.",
  NotFoundError: "There is no camera.",
  NotReadableError: "The camera cannot be read; perhaps another program uses it.",
  OverconstrainedError: "There is no camera.",
};

export class Camera {
  #stream;
  #video;

  /** @param {MediaStream} stream */
  constructor(stream) {
    this.#stream = stream;
  }

  /**
   * Asks for the camera.
   *
   * @param {() => void} onEnd - called if it goes away
   * @throws {Error} whose message says why there is none
   */
  static async open(onEnd) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("Browsers give the camera only to pages that come over HTTPS or from the same machine.");
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      for (const track of stream.getTracks()) track.addEventListener("ended", onEnd);
      return new Camera(stream);
    } catch (error) {
      throw new Error(reasons[error.name] ?? `The camera cannot be used: ${error.message}`);
    }
  }

  /** Shows what is seen, and waits until something is. */
  async show(view) {
    this.#video = await view.play(this.#stream);
  }

  /** What is seen now, as a JPEG file. */
  async frame() {
    const { videoWidth, videoHeight } = this.#video;
    const scale = Math.min(1, longestSide / Math.max(videoWidth, videoHeight));
    const canvas = new OffscreenCanvas(Math.round(videoWidth * scale), Math.round(videoHeight * scale));
    canvas.getContext("2d").drawImage(this.#video, 0, 0, canvas.width, canvas.height);
    return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  }

  close() {
    for (const track of this.#stream.getTracks()) track.stop();
  }
}
