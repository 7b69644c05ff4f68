import GLIP

/// Class lists of the lengths that matter.
enum Names {
  static let three = prompt(["person", "bicycle", "dog"])

  /// The 80 classes of COCO.
  static let coco = prompt(cocoNames)

  /// As many names as wanted, up to 1,240, about as long as those of LVIS.
  static func generated(_ count: Int) -> Prompt {
    prompt(Array(kinds.flatMap { kind in things.map { "\(kind) \($0)" } }.prefix(count)))
  }

  private static func prompt(_ names: [String]) -> Prompt { .classes(names.map { ClassPrompt($0) }) }

  private static let cocoNames = list(
    """
    person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant, stop sign,
    parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella,
    handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard,
    surfboard, tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange,
    broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, dining table, toilet, tv, laptop,
    mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase, scissors,
    teddy bear, hair drier, toothbrush
    """)

  private static let kinds = list(
    """
    red, green, blue, white, black, wooden, steel, glass, paper, plastic, small, large, round, flat, old, folding,
    striped, painted, broken, toy, garden, kitchen, office, winter, summer, school, sports, travel, water, wall, table
    """)

  private static let things = list(
    """
    chair, box, cup, knife, bag, ball, lamp, coat, shoe, hat, bottle, clock, basket, brush, bench, bucket, towel,
    ladder, mirror, blanket, bell, button, candle, card, curtain, drawer, fan, fence, flag, frame, glove, hammer,
    handle, jar, kettle, mask, pen, pillow, plate, tray
    """)

  private static func list(_ text: String) -> [String] {
    text.split(whereSeparator: { $0 == "," || $0 == "\n" }).map { $0.trimmingPrefix(" ").description }
      .filter { !$0.isEmpty }
  }
}
