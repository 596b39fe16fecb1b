/// How a page looks.
enum PageStyle {
  static let text = palette + page + index + charts + findings + interior + print

  /// Colours by what they are for, in light and in dark.
  private static let palette = """
    :root { \(Palette.properties(in: .light)) --shadow: 0 1px 2px rgb(30 30 40 / .05); color-scheme: light; }
    @media (prefers-color-scheme: dark) {
      :root:not([data-print]) { \(Palette.properties(in: .dark)) --shadow: none; color-scheme: dark; }
    }

    """

  private static let page = """
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body { margin: 0 auto; padding: 56px 40px 40px; max-width: 1280px; background: var(--paper); color: var(--ink);
      font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
    h1, h2, h3, h4, p, ol, ul, figure { margin: 0; padding: 0; }
    h1, h2, h4, bdi { overflow-wrap: anywhere; }
    ol, ul { list-style: none; }
    .eyebrow { color: var(--accent); font-size: 12px; font-weight: 650; letter-spacing: .12em;
      text-transform: uppercase; }
    h1 { font-size: clamp(26px, 4vw, 38px); font-weight: 680; letter-spacing: -.02em; line-height: 1.15;
      margin-top: 6px; }
    .summary { color: var(--soft); margin-top: 8px; }
    .summary:empty { display: none; }
    h2 { font-size: 22px; font-weight: 650; letter-spacing: -.01em; line-height: 1.25; }
    h3 { font-size: 13px; font-weight: 650; }
    .verdict { display: flex; flex-wrap: wrap; align-items: baseline; gap: 6px 14px; margin: 40px 0 20px; }
    .verdict p { color: var(--soft); }
    .badge { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12px; font-weight: 650;
      line-height: 1.6; color: var(--healthy); border: 1px solid currentColor; }
    .fault .badge { color: var(--fault); } .warning .badge { color: var(--warning); }
    .board { display: grid; grid-template-columns: minmax(0, 1fr) 372px; column-gap: 32px; row-gap: 16px;
      grid-template-areas: "hero findings" "signals findings"; grid-template-rows: auto 1fr; }
    .hero { grid-area: hero; } .findings { grid-area: findings; }
    .signals { grid-area: signals; display: grid; gap: 16px; align-content: start; }
    .run + .run { border-top: 1px solid var(--line); margin-top: 56px; }
    footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line); color: var(--soft);
      font-size: 13px; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
    @media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
    @media screen and (min-width: 981px) {
      .findings { position: sticky; top: 20px; align-self: start; max-height: calc(100vh - 40px); overflow: auto;
        padding: 0 4px 4px; margin: 0 -4px; }
    }
    @media (max-width: 980px) {
      .board { grid-template-columns: minmax(0, 1fr); grid-template-areas: "hero" "findings" "signals";
        grid-template-rows: auto; row-gap: 20px; }
    }
    @media (max-width: 560px) { body { padding: 28px 16px; } .verdict { margin: 28px 0 16px; } }

    """

  private static let index = """
    .index { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(260px, 100%), 1fr)); gap: 12px;
      margin-top: 28px; }
    .entry { --state: var(--healthy); display: grid; gap: 6px; height: 100%; padding: 14px 16px;
      align-content: space-between; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
      color: inherit; text-decoration: none; box-shadow: var(--shadow); }
    .entry:hover { border-color: var(--state); }
    .entry.fault { --state: var(--fault); } .entry.warning { --state: var(--warning); }
    .entry.note { --state: var(--note); }
    .entry-name { font-size: 14px; font-weight: 600; line-height: 1.35; }
    .entry svg { width: 100%; height: 30px; overflow: visible; }
    .entry path { fill: none; stroke: var(--state); stroke-width: 1.6; vector-effect: non-scaling-stroke;
      stroke-linejoin: round; }
    .entry-health { color: var(--state); font-size: 13px; }

    """

  private static let charts = """
    .chart { position: relative; padding: 14px 14px 8px; background: var(--card); border: 1px solid var(--line);
      border-radius: 14px; box-shadow: var(--shadow); }
    .chart figcaption { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 14px; min-height: 28px;
      padding-left: 6px; }
    .legend { display: flex; flex-wrap: wrap; gap: 0 14px; flex: 1; color: var(--soft); font-size: 12.5px;
      font-variant-numeric: tabular-nums; }
    .legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 6px;
      vertical-align: 3px; }
    .legend b { color: var(--ink); font-weight: 600; }
    .tools { display: flex; gap: 6px; margin-left: auto; }
    .tools button { font: inherit; font-size: 12px; line-height: 1; min-height: 26px; padding: 0 10px;
      border-radius: 99px; border: 1px solid var(--line); background: none; color: var(--soft); cursor: pointer; }
    .tools button:hover { color: var(--ink); border-color: var(--faint); }
    .tools [aria-pressed="true"] { color: var(--accent); border-color: currentColor; }
    .tools .reset { color: var(--accent); } .tools [hidden] { display: none; }
    .plane { position: relative; height: 168px; user-select: none; -webkit-user-select: none; }
    .hero .plane { height: 380px; }
    .plane canvas { position: absolute; inset: 0; width: 100%; height: 100%; cursor: crosshair;
      touch-action: pan-y; }
    .cursor, .selection { position: absolute; pointer-events: none; left: 0; }
    .cursor { width: 1px; background: var(--faint); }
    .selection { background: var(--accent); opacity: .14; }
    .tip { position: absolute; z-index: 3; left: 0; top: 0; max-width: min(260px, 80%); padding: 7px 11px;
      border-radius: 9px; pointer-events: none; background: var(--ink); color: var(--paper); font-size: 12.5px;
      line-height: 1.45; font-variant-numeric: tabular-nums; width: max-content; }
    .tip strong { display: block; font-weight: 650; }
    .plane .flag { position: absolute; z-index: 2; margin: 0 0 0 -10px; padding: 0; cursor: pointer;
      font-family: inherit; }
    .plane .flag::after { content: ""; position: absolute; inset: -7px -6px; }
    .flag { display: inline-grid; place-items: center; width: 20px; height: 20px; border: 0; border-radius: 99px;
      background: var(--note); color: var(--card); font-size: 11.5px; font-weight: 700; line-height: 1; }
    .fault .flag, .flag.fault { background: var(--fault); }
    .warning .flag, .flag.warning { background: var(--warning); }
    .treated .flag, .flag.treated { background: var(--treated); border-radius: 6px; }
    .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .empty, .nothing { color: var(--soft); padding: 18px 20px; background: var(--card);
      border: 1px solid var(--line); border-radius: 14px; }
    @media (max-width: 560px) {
      .chart { padding: 12px 6px 6px; } .hero .plane { height: 300px; } .tools button { min-height: 32px; }
    }

    """

  private static let findings = """
    .findings > h3 { margin: 4px 0 10px; color: var(--soft); }
    .findings > h3:not(:first-child) { margin-top: 22px; }
    .findings ol { display: grid; gap: 12px; }
    .finding { --state: var(--note); --tint: var(--note-tint); background: var(--card); padding: 16px 18px 16px 20px;
      position: relative; overflow: hidden; border: 1px solid var(--line); border-radius: 12px;
      box-shadow: var(--shadow); scroll-margin: 24px; }
    .finding::before { content: ""; position: absolute; inset: 0 auto 0 0; width: 4px; background: var(--state); }
    .finding.fault { --state: var(--fault); --tint: var(--fault-tint); }
    .finding.warning { --state: var(--warning); --tint: var(--warning-tint); }
    .finding.treated { --state: var(--treated); }
    .finding .badge { color: var(--state); border: 0; padding: 0; }
    .finding.lit, .finding:target { outline: 2px solid var(--state); outline-offset: 2px; }
    .where { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 8px; color: var(--soft);
      font-size: 13px; }
    .where .sure { margin-left: auto; }
    .where .since { order: 1; flex-basis: 100%; }
    h4 { font-size: 17px; font-weight: 650; letter-spacing: -.01em; line-height: 1.3; margin-top: 8px; }
    .cause { color: var(--soft); font-size: 14px; margin-top: 2px; }
    .cause em { font-style: normal; }
    .remedy { margin-top: 10px; padding: 10px 12px; border-radius: 8px; background: var(--tint); }
    .remedy strong { display: block; font-size: 12px; font-weight: 650; color: var(--state); }
    .evidence { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 12px; }
    .evidence li { padding: 1px 9px; border: 1px solid var(--line); border-radius: 12px; font-size: 12.5px;
      color: var(--soft); font-variant-numeric: tabular-nums; }
    .evidence b { color: var(--ink); font-weight: 600; }
    .sources { margin-top: 10px; color: var(--soft); font-size: 12px; overflow-wrap: anywhere; }

    """

  private static let interior = """
    .trials { width: 100%; margin-top: 12px; border-collapse: collapse; font-size: 13px;
      font-variant-numeric: tabular-nums; }
    .trials caption { caption-side: bottom; padding-top: 8px; text-align: left; color: var(--soft);
      font-size: 12px; }
    .trials th, .trials td { padding: 5px 0 5px 10px; border-bottom: 1px solid var(--line); text-align: right;
      font-weight: 400; vertical-align: top; }
    .trials th:first-child { padding-left: 0; text-align: left; }
    .trials thead th { color: var(--soft); font-size: 12px; }
    .trials .chosen th, .trials .chosen td { font-weight: 650; }
    .part { margin: 32px 0 12px; font-size: 16px; }
    .interior { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
    .interior > * { grid-column: 1 / -1; }
    .interior [data-plot="update-ratios"], .interior [data-plot="memory"] { grid-column: auto; }
    .interior .plane { height: 260px; }
    .interior [data-plot="gradients"] .plane { height: calc(var(--rows) * clamp(11px, 440px / var(--rows), 22px)
      + 32px); }
    .aside { flex-basis: 100%; color: var(--soft); font-size: 12.5px; }
    .interior .legend { min-width: 0; }
    .interior .legend span { max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .legend .ramp { width: 84px; height: 9px; margin: 0 6px; vertical-align: 0; }
    .legend .swatch { width: 11px; height: 11px; vertical-align: -1px; }
    .swatch.zero { background: var(--zero); } .swatch.lost { background: var(--fault); }
    .swatch.usual { background: var(--healthy); opacity: .25; }
    .swatch.missing { background: radial-gradient(circle, var(--faint) 1.4px, transparent 1.8px); }
    .spot { position: absolute; z-index: 1; pointer-events: none; border: 2px solid var(--ink); border-radius: 3px;
      outline: 1px solid var(--card); }
    .panel { padding: 14px 20px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
      box-shadow: var(--shadow); }
    .panel h3 span { margin-left: 8px; color: var(--soft); font-weight: 400; }
    .health table { width: 100%; margin-top: 8px; border-collapse: collapse; font-size: 13px;
      font-variant-numeric: tabular-nums; }
    .health th, .health td { padding: 5px 0 5px 16px; border-top: 1px solid var(--line); text-align: right;
      font-weight: 400; }
    .health thead th { border: 0; color: var(--soft); font-size: 12px; }
    .health th:first-child { padding-left: 0; text-align: left; overflow-wrap: anywhere; width: 34%; }
    .health th:nth-child(2) { text-align: left; }
    .health em { margin-left: 4px; color: var(--soft); font-style: normal; }
    .health small { display: block; color: var(--fault); font-size: 12px; }
    .health .ill { color: var(--fault); font-weight: 700; }
    .health .sick th { box-shadow: -12px 0 0 -8px var(--fault); }
    .health .course { width: 112px; }
    .health svg { display: block; width: 96px; height: 22px; overflow: visible; }
    .health path { fill: none; stroke: var(--accent); stroke-width: 1.5; stroke-linejoin: round; }
    @media (max-width: 760px) {
      .interior [data-plot="update-ratios"], .interior [data-plot="memory"] { grid-column: 1 / -1; }
      .interior .legend { flex-basis: 100%; order: 1; }
      .interior .aside { order: 2; }
      .panel { padding: 14px 16px; }
      .health thead { display: none; }
      .health tr { display: flex; flex-wrap: wrap; align-items: center; gap: 0 14px; padding: 7px 0;
        border-top: 1px solid var(--line); }
      .health th, .health td { padding: 0; border: 0; }
      .health tbody th { flex: 1; min-width: 55%; width: auto; }
      .health td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font-weight: 400; }
      .health .course { width: 96px; } .health .none { display: none; }
    }

    """

  private static let print = """
    @media print {
      body { padding: 0; max-width: none; font-size: 11pt; background: none; }
      .tools, footer, .cursor, .tip { display: none; }
      .board { grid-template-columns: minmax(0, 1fr); grid-template-areas: "hero" "findings" "signals"; }
      .chart, .finding, .entry { break-inside: avoid; box-shadow: none; }
      .flag, .remedy, .legend i, .finding::before { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      .run + .run { break-before: page; border: 0; margin: 0; }
    }
    """
}
