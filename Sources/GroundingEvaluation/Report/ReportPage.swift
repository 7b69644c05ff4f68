import Pictures

/// The frame of a report's page: a heading, links to its sections, and the sections.
struct ReportPage {
  let title: String
  let subtitle: String
  private var sections: [(id: String, title: String, body: HTML)] = []

  init(title: String, subtitle: String) { (self.title, self.subtitle) = (title, subtitle) }

  /// - Parameter id: of letters.
  mutating func add(_ id: String, _ title: String, _ body: HTML) { sections.append((id, title, body)) }

  /// Nothing is loaded from anywhere, and nothing runs: browsers are told so, too.
  var html: HTML {
    let links = sections.map { section -> HTML in "<li><a href=\"#\(section.id)\">\(section.title)</a></li>" }
    let bodies = sections.map { section -> HTML in
      """
      <section id="\(section.id)" aria-labelledby="\(section.id)-title">
      <h2 id="\(section.id)-title">\(section.title)</h2>
      \(section.body)
      </section>

      """
    }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
      style-src 'unsafe-inline'"/>
      <title>\(title)</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <header>
      <h1>\(title)</h1>
      <p>\(subtitle)</p>
      <nav aria-label="Sections"><ul>\(links)</ul></nav>
      </header>
      <main>
      \(bodies)
      </main>
      </body>
      </html>

      """
  }

  /// The figures of a benchmark, in percent.
  static func tiles(_ figures: [Figure]) -> HTML {
    let tiles = figures.map { figure -> HTML in
      "<div><dt>\(figure.name)</dt><dd>\(ReportText.percent(figure.value))</dd></div>"
    }
    return tiles.isEmpty ? "" : "<dl class=\"figures\">\(tiles)</dl>\n"
  }

  /// Longer tables are scrolled.
  private static let mostRows = 20

  /// A table that is scrolled by itself where it is too wide or long.
  static func table(_ caption: String, head: [String], rows: [HTML]) -> HTML {
    let cells = head.map { name -> HTML in "<th scope=\"col\">\(name)</th>" }
    let kinds = ["wide", rows.count > mostRows ? "long" : "", head.count <= 3 ? "narrow" : ""]
    return """
      <div class="\(kinds.joined(separator: " "))" role="region" aria-label="\(caption)" tabindex="0"><table>
      <caption>\(caption)</caption>
      <thead><tr>\(cells)</tr></thead>
      <tbody>
      \(rows)
      </tbody></table></div>
      """
  }

  /// A row: what it is about, then numbers.
  ///
  /// - Parameter note: below the name.
  static func row(_ name: String, note: String? = nil, _ cells: [HTML]) -> HTML {
    let note = note.map { text -> HTML in "<small>\(text)</small>" } ?? ""
    return "<tr><th scope=\"row\"><bdi>\(name)</bdi>\(note)</th>\(cells)</tr>\n"
  }

  static func cell(_ text: String) -> HTML { "<td>\(text)</td>" }

  /// A share, 0 to 1, in percent, with a bar as long.
  static func bar(_ share: Double?) -> HTML {
    guard let share else { return cell(ReportText.percent(nil)) }
    let length = Int((100 * min(max(share, 0), 1)).rounded())
    return "<td class=\"bar\" style=\"--share: \(length)%\">\(ReportText.percent(share))</td>"
  }
}
