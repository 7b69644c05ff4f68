import Pictures
import RunLog

extension ReportPage {
  /// Colours and measures of the page.
  static var style: HTML {
    """
    :root {
      color-scheme: light dark;
      --least: 0px; --ground: #f4f5f7; --card: #ffffff; --ink: #1d2229; --pale: #59616d; --line: #dfe2e7;
      --accent: #0b5cad; --bar: #cfe3f6; --object: \(css(MistakePicture.objectColor)); \
    --detection: \(css(MistakePicture.detectionColor));
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #101216; --card: \(hex(Plot.darkGround)); --ink: #e9ebee; --pale: #a3abb6; --line: #31363f;
        --accent: #7db8f0; --bar: #1f4266;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; max-width: 76rem; padding: 1.5rem clamp(0.75rem, 3vw, 2rem) 4rem;
      background: var(--ground); color: var(--ink);
      font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
    }
    h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 0.3rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.3rem; margin: 0 0 0.8rem; }
    h3 { font-size: 1.05rem; margin: 1.6rem 0 0.2rem; }
    p { margin: 0 0 0.8rem; max-width: 48rem; }
    header p, figcaption, caption, .note { color: var(--pale); }
    a { color: var(--accent); }
    nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.2rem; list-style: none; margin: 0; padding: 0; }
    section {
      background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem;
      margin-top: 1.25rem; padding: clamp(0.9rem, 2.5vw, 1.5rem);
    }
    .figures {
      display: grid; grid-template-columns: repeat(auto-fill, minmax(5rem, 1fr)); gap: 0.6rem;
      margin: 0 0 1rem;
    }
    .figures div { border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.4rem 0.6rem; }
    .figures dt { color: var(--pale); font-size: 0.85rem; }
    .figures dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
    .pair {
      display: grid; gap: 1.2rem;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
    }
    figure { margin: 0; }
    img { max-width: 100%; height: auto; display: block; border-radius: 0.4rem; }
    .photograph { width: 100%; aspect-ratio: 4 / 3; object-fit: contain; background: var(--ground); }
    .matrix { --least: 34rem; }
    figcaption { font-size: 0.88rem; margin-top: 0.4rem; overflow-wrap: anywhere; }
    .lost {
      border: 1px dashed var(--line); border-radius: 0.4rem; padding: 1rem; overflow-wrap: anywhere;
    }
    .wide { overflow-x: auto; margin-bottom: 0.8rem; }
    .long { max-height: 36rem; overflow-y: auto; border-block: 1px solid var(--line); }
    .long thead th { position: sticky; top: 0; background: var(--card); }
    .narrow { max-width: 44rem; }
    figure + .wide { margin-top: 1.2rem; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; min-width: 100%; }
    caption { text-align: left; font-size: 0.88rem; padding-bottom: 0.4rem; }
    th, td { padding: 0.3rem 0.7rem; text-align: right; border-bottom: 1px solid var(--line); }
    thead th { font-size: 0.85rem; color: var(--pale); vertical-align: bottom; }
    th[scope="row"], thead th:first-child { text-align: left; font-weight: 500; }
    th[scope="row"] { overflow-wrap: anywhere; min-width: 7rem; max-width: 26rem; }
    small { display: block; color: var(--pale); font-weight: 400; font-size: 0.85rem; }
    .bar { background: linear-gradient(to right, var(--bar) var(--share), transparent 0); }
    .legend { display: flex; flex-wrap: wrap; gap: 0.4rem 1.6rem; list-style: none; margin: 0; padding: 0; }
    .legend span {
      display: inline-block; width: 2.2rem; height: 1.1rem; margin-right: 0.5rem; vertical-align: -0.2rem;
      outline: 1px solid rgb(0 0 0 / 45%);
    }
    .object { border: 3px solid var(--object); }
    .detection { border: 3px dashed var(--detection); }
    .faint { border-width: 1.5px; }
    mark { background: var(--detection); color: #000000; padding: 0 0.15rem; border-radius: 0.2rem; }
    summary { cursor: pointer; font-weight: 500; margin: 0.4rem 0 0.8rem; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    @media print { .long { max-height: none; } body { max-width: none; } section { break-inside: avoid; } }

    """
  }

  private static func css(_ index: Int) -> String { hex(AnnotationColor(index: index).rgb) }

  /// - Parameter color: red, green and blue, 0 to 1.
  private static func hex(_ color: SIMD3<Double>) -> String {
    let digits = [color.x, color.y, color.z].map { part in
      let text = String(Int((part * 255).rounded()), radix: 16)
      return text.count == 1 ? "0" + text : text
    }
    return "#" + digits.joined()
  }
}
