extension PageScript {
  /// How far matrices are moved, and who owns the memory.
  static let interior = #"""
    /// A curve a matrix; the one that is pointed at is named.
    class RatioChart extends Chart {
      addLegend() {
        const [item, bar] = ["span", "i"].map(tag => document.createElement(tag));
        [this.bar, this.chosen] = [bar, null];
        bar.className = "ramp";
        item.append("first ", bar, "last matrix");
        const [usual, swatch] = ["span", "i"].map(tag => document.createElement(tag));
        swatch.className = "swatch usual";
        usual.append(swatch, "usual, 1e−4 to 0.01");
        this.figure.querySelector(".legend").append(item, usual);
      }

      extent(ranges) {
        const [low, high] = super.extent(ranges);
        return this.isLogarithmic ? [Math.min(low, -4.2), Math.max(high, -1.8)] : [Math.min(low, 0), high];
      }

      /// The band in which the ratios of most healthy runs lie.
      drawBehind() {
        const { context, area } = this;
        const [top, bottom] = [1e-2, 1e-4].map(value => Math.min(Math.max(this.y(value), area.top), area.bottom));
        [context.fillStyle, context.globalAlpha] = [colorOf("healthy"), 0.1];
        context.fillRect(area.left, top, area.right - area.left, bottom - top);
        context.globalAlpha = 1;
      }

      drawCurves(ranges) {
        const stops = \#(Palette.inScript(Palette.depth)).map(colorOf);
        this.bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
        const last = Math.max(1, this.curves.length - 1);
        const order = this.curves.map((_, number) => number).filter(number => number !== this.chosen);
        for (const number of this.chosen === null ? order : [...order, this.chosen]) {
          const isChosen = number === this.chosen;
          const { context } = this;
          context.strokeStyle = context.fillStyle = isChosen ? colorOf("ink") : mixed(stops, number / last);
          [context.lineWidth, context.globalAlpha] = isChosen ? [2.6, 1] : [1.3, this.chosen === null ? 0.85 : 0.35];
          this.drawCourse(this.curves[number], ranges[number]);
        }
        this.context.globalAlpha = 1;
      }

      drawCourse(curve, ranges) {
        const { context } = this;
        context.beginPath();
        for (const [start, end] of ranges) curve.trace(context, start, end, this.x, this.y);
        context.stroke();
        if (ranges.some(([start, end]) => end - start < 3)) this.drawDots(curve, ranges);
      }

      /// What is not known was not measured; it is not lost.
      drawLost() {}

      aim(x, y) {
        const place = this.track.nearest(this.stepAt(x));
        const distances = this.curves.map(({ values }) =>
          (Number.isFinite(values[place]) ? Math.abs(this.y(values[place]) - y) : Infinity));
        this.choose(distances.indexOf(Math.min(...distances)));
      }

      turn(stride) {
        const { length } = this.curves;
        this.choose(this.chosen === null ? 0 : Math.min(Math.max(this.chosen + stride, 0), length - 1));
        if (this.board.step === null) this.board.move(0, this);
      }

      choose(number) {
        if (this.chosen === number) return;
        this.chosen = number;
        this.draw();
      }

      leave() {
        super.leave();
        this.choose(null);
      }

      read() {}

      tellValues() {
        if (this.chosen === null) this.choose(0);
        const { label, values, steps } = this.curves[this.chosen];
        const place = this.track.nearest(this.board.step);
        const text = Number.isFinite(values[place]) ? numberText(values[place]) : "not known";
        this.showTip([label, `step ${steps[place]}: update ratio ${text}`], this.x(steps[place]),
          this.area.top + 10);
        return `${label}, update ratio ${text}`;
      }
    }

    const ownerColors = \#(Palette.inScript(Palette.owners));

    function bytesUnit(bytes) {
      const power = Math.min(Math.max(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 0), 5);
      return [1024 ** power, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][power]];
    }

    function bytesText(bytes) {
      const [size, unit] = bytesUnit(bytes);
      return `${Number((bytes / size).toPrecision(3))} ${unit}`;
    }

    /// The memory of owners, one upon the other.
    class MemoryChart extends Chart {
      constructor(board, figure, data) {
        super(board, figure, data);
        this.peaks = data.peaks;
        this.tops = [];
        this.curves.forEach(({ values }, number) => this.tops.push(
          values.map((value, place) => value + (number ? this.tops[number - 1][place] : 0))));
        this.readings.forEach((reading, number) => {
          reading.previousSibling.previousSibling.style.background = ownerColors[number];
        });
      }

      get isNamed() { return true; }

      valueText(value) { return bytesText(value); }

      extent(ranges) {
        let high = 1;
        for (const [start, end] of ranges[0]) {
          for (let place = start; place < end; place += 1) high = Math.max(high, this.tops.at(-1)[place]);
        }
        return [0, high * 1.08];
      }

      ticks(low, high, count) {
        const [size] = bytesUnit(high);
        return evenTicks(low / size, high / size, count).map(tick => tick * size);
      }

      tickText(tick) { return tick === 0 ? "0" : bytesText(tick); }

      drawCurve(curve, ranges) {
        const { context } = this;
        const number = this.curves.indexOf(curve);
        const [upper, lower] = [this.tops[number], this.tops[number - 1]];
        const floor = place => this.y(lower ? lower[place] : 0);
        context.fillStyle = ownerColors[number];
        for (const [start, end] of ranges) {
          // A single step is a bar.
          const reach = end - start === 1 ? 4 : 0;
          context.beginPath();
          for (let place = start; place < end; place += 1) {
            context.lineTo(this.x(curve.steps[place]) - reach, this.y(upper[place]));
          }
          if (reach) context.lineTo(this.x(curve.steps[start]) + reach, this.y(upper[start]));
          for (let place = end - 1; place >= start; place -= 1) {
            context.lineTo(this.x(curve.steps[place]) + reach, floor(place));
          }
          if (reach) context.lineTo(this.x(curve.steps[start]) - reach, floor(start));
          context.fill();
        }
      }

      tellValues() {
        const place = this.track.nearest(this.board.step);
        const step = this.track.steps[place];
        const owners = this.curves.map(({ label, values }) => `${label} ${bytesText(values[place])}`).reverse();
        const [sum, peak] = [this.tops.at(-1)[place], this.peaks[place]].map(bytesText);
        const lines = [...owners, `together ${sum}`, `at most so far ${peak}`];
        this.showTip([`step ${step}`, ...lines], this.x(step), this.area.top + 4);
        return lines.join(", ");
      }
    }

    """#
}
