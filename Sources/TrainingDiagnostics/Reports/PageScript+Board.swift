extension PageScript {
  /// Mouse, finger and keyboard on a plot.
  static let pointer = #"""
    class PointerControl {
      constructor(chart) {
        [this.chart, this.start] = [chart, null];
        const { canvas } = chart;
        for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave", "dblclick",
          "keydown", "blur"]) canvas.addEventListener(name, event => this[name](event));
      }

      place(event) { return event.clientX - this.chart.canvas.getBoundingClientRect().left; }

      point(event) {
        const box = this.chart.canvas.getBoundingClientRect();
        this.chart.aim(event.clientX - box.left, event.clientY - box.top);
        this.chart.board.point(this.chart.stepAt(this.place(event)), this.chart);
        this.chart.tellValues();
      }

      pointerdown(event) {
        if (event.button !== 0) return;
        this.start = this.place(event);
        this.chart.canvas.setPointerCapture(event.pointerId);
        this.point(event);
      }

      pointermove(event) {
        this.point(event);
        const width = this.start === null ? 0 : Math.abs(this.place(event) - this.start);
        this.select(width > 6 ? [this.start, this.place(event)] : null);
      }

      select(ends) {
        const { selection, area, board } = this.chart;
        selection.hidden = !ends;
        if (!ends) return;
        const [left, right] = ends.map(x => Math.min(Math.max(x, area.left), area.right)).sort((a, b) => a - b);
        Object.assign(selection.style, {
          left: `${left}px`, width: `${right - left}px`, top: `${area.top}px`,
          height: `${area.bottom - area.top}px`,
        });
      }

      pointerup(event) {
        const end = this.place(event);
        if (this.start !== null && Math.abs(end - this.start) > 6) {
          this.chart.board.show([this.start, end].map(x => this.chart.stepAt(x)).sort((a, b) => a - b));
        }
        this.pointercancel();
      }

      pointercancel() {
        this.start = null;
        this.select(null);
      }

      pointerleave(event) { if (event.pointerType === "mouse") this.blur(); }

      blur() {
        this.chart.leave();
        this.chart.board.point(null, this.chart);
      }

      dblclick() { this.chart.board.reset(); }

      keydown(event) {
        const { board } = this.chart;
        const stride = event.shiftKey ? 10 : 1;
        const actions = {
          ArrowUp: () => this.chart.turn(-1), ArrowDown: () => this.chart.turn(1),
          ArrowLeft: () => board.move(-stride, this.chart), ArrowRight: () => board.move(stride, this.chart),
          Home: () => board.point(board.view[0], this.chart), End: () => board.point(board.view[1], this.chart),
          "+": () => board.zoom(0.5), "=": () => board.zoom(0.5), "-": () => board.zoom(2), Escape: () => board.reset(),
        };
        if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
        if (actions[event.key]() === false) return;
        event.preventDefault();
        if (board.step === null) return;
        this.chart.figure.querySelector(".spoken").textContent = `step ${board.step}: ${this.chart.tellValues()}`;
      }
    }

    """#

  /// The plots of a run, which share their cursor and their view, and the start of it all.
  static let board = #"""
    const kinds = { curves: Chart, heat: HeatMap, ratios: RatioChart, memory: MemoryChart };

    const findingMark = (finding, place) => ({
      step: finding.step, kind: finding.severity, label: place + 1,
      text: `${finding.heading}: ${finding.symptom}`, more: "cause: " + finding.cause,
    });

    const treatmentMark = (treatment, place) => ({
      step: treatment.step, end: treatment.end, kind: "treated", label: `T${place + 1}`,
      text: `taken back from step ${treatment.end} to step ${treatment.step}`,
      more: `${treatment.symptom}: ${treatment.remedy}`,
    });

    class Board {
      constructor(section, data) {
        [this.section, this.step] = [section, null];
        this.marks = [...data.findings.map(findingMark), ...data.treatments.map(treatmentMark)];
        this.whole = data.first < data.last ? [data.first, data.last] : [data.first - 1, data.last + 1];
        this.view = this.whole;
        this.charts = [...section.querySelectorAll(".chart")].map((figure, place) =>
          new kinds[data.plots[place].kind ?? "curves"](this, figure, data.plots[place]));
      }

      get isWhole() { return this.view[0] === this.whole[0] && this.view[1] === this.whole[1]; }

      card(place) { return this.section.querySelectorAll(".finding")[place]; }

      draw() { this.charts.forEach(chart => chart.draw()); }

      show([first, last]) {
        const least = Math.min(2, this.whole[1] - this.whole[0]);
        if (last - first < least) [first, last] = [(first + last - least) / 2, (first + last + least) / 2];
        this.view = [Math.max(first, this.whole[0]), Math.min(last, this.whole[1])];
        this.draw();
      }

      reset() { this.show(this.whole); }

      zoom(factor) {
        const [first, last] = this.view;
        const center = this.step ?? (first + last) / 2;
        this.show([center - (center - first) * factor, center + (last - center) * factor]);
      }

      /// Moves the cursor of all plots to the step that is told nearest to one.
      point(step, chart) {
        const { track } = chart;
        this.step = step === null ? null : track.steps[track.nearest(step)];
        this.charts.forEach(each => each.showCursor());
      }

      move(stride, chart) {
        const { track } = chart;
        const place = track.nearest(this.step ?? this.view[0]);
        const next = this.step === null ? place : Math.min(Math.max(place + stride, 0), track.steps.length - 1);
        this.point(track.steps[next], chart);
      }
    }

    const data = JSON.parse(document.getElementById("report-data").textContent);
    const boards = new Map();

    /// A run's plots are made when they come near to being seen.
    function open(section) {
      if (boards.has(section)) return;
      const board = new Board(section, data[Number(section.dataset.run)]);
      boards.set(section, board);
      board.draw();
      new ResizeObserver(() => board.draw()).observe(section);
    }

    const sections = [...document.querySelectorAll(".run")];
    sections.slice(0, 2).forEach(open);
    const watcher = new IntersectionObserver(
      entries => entries.filter(entry => entry.isIntersecting).forEach(entry => open(entry.target)),
      { rootMargin: "800px" });
    sections.forEach(section => watcher.observe(section));

    const drawAll = () => boards.forEach(board => board.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
    addEventListener("beforeprint", () => {
      document.documentElement.dataset.print = "true";
      sections.forEach(open);
      drawAll();
    });
    addEventListener("afterprint", () => {
      delete document.documentElement.dataset.print;
      drawAll();
    });
    document.documentElement.dataset.ready = "true";
    """#
}
