extension PageScript {
  /// A plot on a canvas.
  static let chart = #"""
    class Chart extends Plane {
      constructor(board, figure, data) {
        super(board, figure);
        this.isLogarithmic = Boolean(data.logarithmic);
        this.curves = data.series.map((series, place) =>
          new Curve({ steps: data.steps, ...series }, \#(Palette.inScript(Palette.curves))[place]));
        // The cursor stops at the steps of the curve that tells most of them.
        this.track = this.curves.reduce((a, b) => (b.steps.length > a.steps.length ? b : a));
        this.addLegend();
        this.addScale();
        this.flags = this.isHero ? board.marks.map((mark, place) => this.addFlag(mark, place)) : [];
      }

      /// Whether curves are named beside their values.
      get isNamed() { return this.curves.length > 1; }

      addLegend() {
        this.readings = this.curves.map(curve => {
          const [item, mark, reading] = ["span", "i", "b"].map(tag => document.createElement(tag));
          mark.style.background = `var(--${curve.color})`;
          item.append(mark, this.isNamed ? curve.label + " " : "", reading);
          this.figure.querySelector(".legend").append(item);
          return reading;
        });
      }

      addScale() {
        const scale = this.figure.querySelector(".scale");
        if (!scale) return;
        const isPositive = this.curves.some(curve => curve.values.some(value => value > 0));
        scale.hidden = !isPositive;
        scale.addEventListener("click", () => {
          this.isLogarithmic = !this.isLogarithmic;
          scale.setAttribute("aria-pressed", this.isLogarithmic);
          this.draw();
        });
      }

      addFlag(mark, place) {
        const flag = document.createElement("button");
        [flag.type, flag.className, flag.textContent] = ["button", "flag " + mark.kind, mark.label];
        flag.setAttribute("aria-label", mark.text);
        const tell = () => this.showTip([mark.text, mark.more], this.x(mark.step), this.area.top);
        const card = this.board.card(place);
        for (const event of ["pointerenter", "focus"]) {
          flag.addEventListener(event, () => { tell(); card.classList.add("lit"); });
        }
        for (const event of ["pointerleave", "blur"]) {
          flag.addEventListener(event, () => { this.tip.hidden = true; card.classList.remove("lit"); });
        }
        flag.addEventListener("click", () => { tell(); card.scrollIntoView({ block: "nearest" }); });
        this.plane.append(flag);
        return flag;
      }

      /// Puts the flags into rows in which none covers another, and returns how many rows there are.
      placeFlags() {
        const ends = [];
        const order = this.flags.map((_, place) => place)
          .sort((a, b) => this.board.marks[a].step - this.board.marks[b].step);
        for (const place of order) {
          const [flag, { step }] = [this.flags[place], this.board.marks[place]];
          flag.hidden = step < this.board.view[0] || step > this.board.view[1];
          flag.style.display = flag.hidden ? "none" : "";
          if (flag.hidden) continue;
          const x = this.x(step);
          let row = ends.findIndex(end => x > end + 24);
          if (row < 0) row = ends.length;
          ends[row] = x;
          flag.style.left = `${x}px`;
          flag.style.top = `${4 + row * 24}px`;
        }
        return ends.length;
      }

      measure() {
        super.measure();
        if (this.isHero) this.area.top = 12 + this.placeFlags() * 24;
      }

      /// The ends of the vertical axis, in logarithms where it is logarithmic.
      extent(ranges) {
        let [low, high] = [Infinity, -Infinity];
        this.curves.forEach((curve, number) => ranges[number].forEach(([start, end]) => {
          for (let place = start; place < end; place += 1) {
            const value = curve.values[place];
            if (!Number.isFinite(value) || this.isLogarithmic && value <= 0) continue;
            if (value < low) low = value;
            if (value > high) high = value;
          }
        }));
        if (low > high) [low, high] = this.isLogarithmic ? [1, 10] : [0, 1];
        const ends = [low, high].map(this.isLogarithmic ? Math.log10 : clamped);
        const span = ends[1] - ends[0];
        const least = this.isLogarithmic ? 0.3 : Math.abs(ends[0]) * 0.1 || 1;
        const room = span > 0 ? span * 0.06 : least;
        return [ends[0] - room, ends[1] + room];
      }

      draw() {
        if (!this.begin()) return;
        const { area } = this;
        const ranges = this.curves.map(curve => curve.ranges(this.board.view));
        const [low, high] = this.extent(ranges);
        const height = area.bottom - area.top;
        this.y = value => {
          const place = this.isLogarithmic ? (value > 0 ? Math.log10(value) : low) : clamped(value);
          return area.bottom - Math.max(0, (place - low) / (high - low)) * height;
        };
        this.drawBehind();
        this.drawAxes(low, high);
        this.drawMarks();
        this.drawCurves(ranges);
        this.drawLost(ranges);
        this.end(ranges.flat().reduce((sum, [start, end]) => sum + end - start, 0));
      }

      drawBehind() {}

      drawCurves(ranges) {
        this.curves.forEach((curve, number) => this.drawCurve(curve, ranges[number]));
      }

      ticks(low, high, count) { return (this.isLogarithmic ? decadeTicks : evenTicks)(low, high, count); }

      tickText(tick) { return tickText(tick); }

      drawAxes(low, high) {
        const { context, area } = this;
        const ticks = this.ticks(low, high, this.isHero ? 6 : 4);
        [context.strokeStyle, context.fillStyle, context.lineWidth] = [colorOf("grid"), colorOf("soft"), 1];
        [context.textAlign, context.textBaseline] = ["right", "middle"];
        context.beginPath();
        for (const tick of ticks) {
          const y = Math.round(this.y(tick)) + 0.5;
          context.moveTo(area.left, y);
          context.lineTo(area.right, y);
          context.fillText(this.tickText(tick), area.left - 9, y);
        }
        context.stroke();
        this.drawSteps(this.stepTicks());
      }

      drawMarks() {
        const { context, area } = this;
        const [first, last] = this.board.view;
        this.board.marks.forEach((mark, place) => {
          context.strokeStyle = context.fillStyle = colorOf(mark.kind);
          // What was trained once more.
          const [start, end] = [Math.max(mark.step, first), Math.min(mark.end, last)];
          if (this.isHero && start < end) {
            context.globalAlpha = 0.1;
            context.fillRect(this.x(start), area.top, this.x(end) - this.x(start), area.bottom - area.top);
            context.globalAlpha = 1;
          }
          if (mark.step < first || mark.step > last) return;
          const x = Math.round(this.x(mark.step)) + 0.5;
          const top = this.isHero ? parseFloat(this.flags[place].style.top) + 20 : area.top;
          context.globalAlpha = 0.55;
          context.setLineDash([3, 3]);
          context.beginPath();
          context.moveTo(x, top);
          context.lineTo(x, area.bottom);
          context.stroke();
          context.setLineDash([]);
          context.globalAlpha = 1;
        });
      }

      drawCurve(curve, ranges) {
        const { context, area } = this;
        const count = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
        const width = area.right - area.left;
        const isNoisy = curve.isNoisy && count > Math.max(250, width / 2);
        context.strokeStyle = context.fillStyle = colorOf(curve.color);
        [context.lineJoin, context.lineWidth, context.globalAlpha] = ["round", isNoisy ? 1 : 1.8, isNoisy ? 0.32 : 1];
        context.beginPath();
        for (const [start, end] of ranges) curve.trace(context, start, end, this.x, this.y);
        context.stroke();
        [context.globalAlpha, context.lineWidth] = [1, 2];
        if (isNoisy) {
          context.beginPath();
          for (const [start, end] of ranges) curve.traceMean(context, start, end, this.x, this.y, width);
          context.stroke();
        } else if (count < width / 12) this.drawDots(curve, ranges);
      }

      drawDots(curve, ranges) {
        for (const [start, end] of ranges) {
          for (let place = start; place < end; place += 1) {
            if (!Number.isFinite(curve.values[place])) continue;
            this.context.beginPath();
            this.context.arc(this.x(curve.steps[place]), this.y(curve.values[place]), 2.6, 0, 7);
            this.context.fill();
          }
        }
      }

      /// Values that are not finite, as marks at the upper edge.
      drawLost(ranges) {
        const { context, area } = this;
        context.fillStyle = colorOf("fault");
        let last = -Infinity;
        this.curves.forEach((curve, number) => ranges[number].forEach(([start, end]) => {
          for (let place = start; place < end; place += 1) {
            const x = this.x(curve.steps[place]);
            if (Number.isFinite(curve.values[place]) || Math.abs(x - last) < 6) continue;
            last = x;
            context.beginPath();
            context.moveTo(x - 4.5, area.top - 4);
            context.lineTo(x + 4.5, area.top - 4);
            context.lineTo(x, area.top + 4);
            context.fill();
          }
        }));
      }

      read(isShown) {
        this.curves.forEach((curve, number) => {
          const place = isShown ? curve.nearest(this.board.step) : curve.values.length - 1;
          this.readings[number].textContent = this.valueText(curve.values[place]);
        });
      }

      valueText(value) { return numberText(value); }

      /// The values at the cursor, beside it.
      tellValues() {
        const { step } = this.board;
        const lines = this.curves.map(curve => {
          const place = curve.nearest(step);
          const at = curve.steps[place] === step ? "" : ` (step ${curve.steps[place]})`;
          return `${curve.label} ${numberText(curve.values[place])}${at}`;
        });
        this.showTip([`step ${step}`, ...lines], this.x(step), this.area.top + 10);
        return lines.join(", ");
      }

    }

    """#
}
