extension String {
  /// The text in quotes, fit for a message: names in a hostile file may be huge or hold terminal escapes.
  var quoted: String {
    let scalars = unicodeScalars.prefix(60).map { scalar in
      scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
    }
    return "'" + scalars.joined() + (unicodeScalars.count > 60 ? "…'" : "'")
  }
}
