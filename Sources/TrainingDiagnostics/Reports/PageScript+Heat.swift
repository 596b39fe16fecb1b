extension PageScript {
  /// The gradients of parameters over steps, as colours.
  static let heat = #"""
    const heatStops = \#(Palette.inScript(Palette.heat));

    const channels = color => [0, 2, 4].map(place => parseInt(color.replace("#", "").slice(place, place + 2), 16));

    /// The colour at a share of the way along several.
    function mixed(stops, share) {
      const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
      const before = Math.min(Math.floor(place), stops.length - 2);
      const [a, b] = [channels(stops[before]), channels(stops[before + 1])];
      return `rgb(${a.map((part, number) => Math.round(part + (place - before) * (b[number] - part))).join(" ")})`;
    }

    const heatColors = Array.from({ length: 64 }, (_, place) => mixed(heatStops, place / 63));

    /// Labels in ever shorter forms: whole, without an ending that all of them share, with initials of what leads to
    /// the last part.
    function shorterForms(labels) {
      const paths = labels.map(label => label.split("."));
      const isShared = paths.every(path => path.length > 1 && path.at(-1) === paths[0].at(-1));
      return paths.map((path, number) => {
        const rest = isShared ? path.slice(0, -1) : path;
        const initials = rest.map((part, place) =>
          (place < rest.length - 1 && !/^\d/.test(part) ? [...part][0] ?? "" : part));
        return [labels[number], rest.join("."), initials.join(".")];
      });
    }

    /// A text, or as much of its end as fits into a width.
    function fitted(context, text, width) {
      if (context.measureText(text).width <= width) return text;
      let [low, high] = [0, text.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (context.measureText("…" + text.slice(middle)).width > width) low = middle + 1; else high = middle;
      }
      return "…" + text.slice(low);
    }

    class HeatMap extends Plane {
      constructor(board, figure, data) {
        super(board, figure);
        this.matrices = data.matrices;
        this.rows = data.rows.map(row => ({
          label: row.label, values: row.values.map(value => (value === null ? undefined : Number(value))),
        }));
        const labels = this.rows.map(row => row.label);
        this.forms = [labels.slice(0, data.matrices), labels.slice(data.matrices)].flatMap(shorterForms);
        this.track = new Curve({ steps: data.steps, values: data.steps });
        [this.columns, this.row] = [[], 0];
        this.spot = this.addBox("spot");
        this.findRange(Number(data.low), Number(data.high));
        this.addLegend();
      }

      findRange(low, high) {
        const values = this.rows.flatMap(row => row.values);
        [this.low, this.high] = [low, high];
        this.isRanged = values.some(value => value > 0 && Number.isFinite(value));
        this.special = [
          ["zero", "all zero", values.includes(0)], ["missing", "no gradient", values.includes(undefined)],
          ["lost", "NaN or infinite", values.some(value => Number.isNaN(value) || value === Infinity)],
        ].filter(([, , isThere]) => isThere);
      }

      addLegend() {
        const legend = this.figure.querySelector(".legend");
        const [ramp, bar] = ["span", "i"].map(tag => document.createElement(tag));
        bar.className = "ramp";
        bar.style.background = `linear-gradient(90deg, ${heatStops.join(", ")})`;
        const [low, high] = [this.low, this.high].map(size => numberText(Number((10 ** size).toPrecision(2))));
        ramp.append("rms ", low + " ", bar, high);
        if (this.isRanged) legend.append(ramp);
        for (const [name, text] of this.special) {
          const [item, swatch] = ["span", "i"].map(tag => document.createElement(tag));
          swatch.className = "swatch " + name;
          item.append(swatch, text);
          legend.append(item);
        }
      }

      margin(width) { return Math.round(Math.min(210, Math.max(96, width * 0.22))); }

      measure() {
        super.measure();
        const { area } = this;
        [area.top, area.right] = [6, area.right + 8];
        // Columns are equally wide, however far their steps are apart.
        this.columns = this.track.ranges(this.board.view).flatMap(([start, end]) =>
          Array.from({ length: end - start }, (_, place) => start + place));
        // Between two looks, the nearer one.
        if (!this.columns.length) this.columns = [this.track.nearest((this.board.view[0] + this.board.view[1]) / 2)];
        [this.width, this.height] = [
          (area.right - area.left) / this.columns.length, (area.bottom - area.top) / this.rows.length,
        ];
        this.x = step => area.left + (this.columns.indexOf(this.track.nearest(step)) + 0.5) * this.width;
      }

      stepAt(x) {
        const column = Math.floor((x - this.area.left) / this.width);
        return this.track.steps[this.columns[Math.min(Math.max(column, 0), this.columns.length - 1)]];
      }

      draw() {
        if (!this.begin()) return;
        const { context, area, columns } = this;
        this.look = { grid: colorOf("faint"), zero: colorOf("zero"), lost: colorOf("fault"), mark: colorOf("card") };
        this.rows.forEach((row, number) => columns.forEach((place, column) => this.drawCell(
          row.values[place], area.left + column * this.width, area.top + number * this.height)));
        this.drawLabels();
        this.drawSteps(this.columnTicks());
        this.end(this.rows.length * columns.length);
      }

      drawCell(value, x, y) {
        const { context, look } = this;
        const gap = Math.min(this.width, this.height) > 5 ? 1 : 0;
        const [left, top] = gap ? [x, y] : [Math.floor(x), Math.floor(y)];
        const [width, height] = gap ? [this.width - gap, this.height - gap]
          : [Math.ceil(x + this.width) - left, Math.ceil(y + this.height) - top];
        if (value === undefined) {
          context.fillStyle = look.grid;
          context.fillRect(x + this.width / 2 - 1, y + this.height / 2 - 1, Math.min(2, width), 2);
          return;
        }
        const share = (Math.log10(value) - this.low) / (this.high - this.low);
        context.fillStyle = !Number.isFinite(value) ? look.lost : value === 0 ? look.zero
          : heatColors[Math.round(Math.min(Math.max(share, 0), 1) * 63)];
        context.fillRect(left, top, width, height);
        if (Number.isFinite(value) || width < 6) return;
        const reach = Math.min(width, height) * 0.22;
        const [middle, center] = [left + width / 2, top + height / 2];
        [context.strokeStyle, context.lineWidth] = [look.mark, 1.4];
        context.beginPath();
        for (const side of [-1, 1]) {
          context.moveTo(middle - reach, center - side * reach);
          context.lineTo(middle + reach, center + side * reach);
        }
        context.stroke();
      }

      drawLabels() {
        const { context, area } = this;
        context.font = `${this.height < 13 ? 10 : 11.5}px ${getComputedStyle(document.body).fontFamily}`;
        [context.textAlign, context.textBaseline, context.fillStyle] = ["right", "middle", colorOf("soft")];
        // All in the same form, the longest one that has room.
        const fits = form => this.forms.every(forms => context.measureText(forms[form]).width <= area.left - 12);
        const form = [0, 1].find(fits) ?? 2;
        this.forms.forEach((forms, number) => context.fillText(
          fitted(context, forms[form], area.left - 12), area.left - 6, area.top + (number + 0.5) * this.height));
        if (this.matrices === 0 || this.matrices === this.rows.length) return;
        // Between matrices and vectors.
        context.fillStyle = colorOf("ink");
        const y = Math.round(area.top + this.matrices * this.height) - 1;
        context.fillRect(area.left, y, area.right - area.left, 1);
      }

      /// Steps of columns that are far enough apart to be written.
      columnTicks() {
        const [ticks, steps] = [[], this.columns.map(place => this.track.steps[place])];
        let last = -Infinity;
        for (const step of steps) {
          const x = this.x(step);
          if (x - last < 52 || x + 16 > this.plane.clientWidth) continue;
          ticks.push(step);
          last = x;
        }
        return ticks;
      }

      aim(_, y) {
        const row = Math.floor((y - this.area.top) / this.height);
        this.row = Math.min(Math.max(row, 0), this.rows.length - 1);
      }

      turn(stride) {
        this.row = Math.min(Math.max(this.row + stride, 0), this.rows.length - 1);
        if (this.board.step === null) this.board.move(0, this);
      }

      read() { this.spot.hidden = true; }

      tellValues() {
        const place = this.track.nearest(this.board.step);
        const { label, values } = this.rows[this.row];
        const value = values[place];
        const text = value === undefined ? "no gradient" : value === 0 ? "all zero"
          : Number.isFinite(value) ? `gradient rms ${numberText(value)}` : "NaN or infinite";
        const [x, y] = [this.x(this.track.steps[place]), this.area.top + this.row * this.height];
        Object.assign(this.spot.style, {
          left: `${x - this.width / 2 - 1}px`, top: `${y - 1}px`, width: `${this.width + 1}px`,
          height: `${this.height + 1}px`,
        });
        this.spot.hidden = false;
        this.showTip([label, `step ${this.track.steps[place]}: ${text}`], x + this.width / 2, y + this.height);
        return `${label}, ${text}`;
      }
    }

    """#
}
