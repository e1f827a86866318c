"use strict";
(() => {
  const find = (id) => document.getElementById(id);

  // The slider, and a lens in step on every picture.
  const compare = find("compare");
  if (compare) {
    const stage = find("stage"), cut = find("cut"), left = find("left"), before = find("img-bicubic");
    const across = find("lens-x"), down = find("lens-y"), spot = stage.querySelector(".spot");
    const width = Number(compare.dataset.width), height = Number(compare.dataset.height);
    const side = Math.min(Number(compare.dataset.lens), width, height), bicubic = before.src;
    const clamp = (n, low, high) => Math.min(Math.max(n, low), high);

    const slide = () => stage.style.setProperty("--cut", `${cut.value}%`);
    const look = () => {
      const x = clamp(Math.round(across.value - side / 2), 0, width - side);
      const y = clamp(Math.round(down.value - side / 2), 0, height - side);
      Object.assign(spot.style, {
        left: `${(100 * x) / width}%`, top: `${(100 * y) / height}%`,
        width: `${(100 * side) / width}%`, height: `${(100 * side) / height}%`,
      });
      for (const canvas of document.querySelectorAll("canvas[data-of]")) {
        const image = canvas.dataset.of === "bicubic" ? kept : find(`img-${canvas.dataset.of}`);
        const pen = canvas.getContext("2d");
        pen.imageSmoothingEnabled = false;
        pen.drawImage(image, x, y, side, side, 0, 0, canvas.width, canvas.height);
        canvas.dataset.at = `${x},${y}`;
      }
    };
    // The picture on the left may change; the lens goes on showing bicubic.
    const kept = new Image();
    kept.src = bicubic;
    left.addEventListener("change", () => {
      before.src = left.value === "bicubic" ? bicubic : find(`img-${left.value}`).src;
      before.alt = left.selectedOptions[0].text;
      find("left-name").textContent = left.selectedOptions[0].text;
    });
    cut.addEventListener("input", slide);
    for (const input of [across, down]) input.addEventListener("input", look);
    const point = (event) => {
      const box = stage.getBoundingClientRect();
      const x = clamp((event.clientX - box.left) / box.width, 0, 1);
      across.value = Math.round(x * (width - 1));
      down.value = Math.round(clamp((event.clientY - box.top) / box.height, 0, 1) * (height - 1));
      if (event.buttons & 1 && event.pointerType === "mouse") {
        cut.value = 100 * x;
        slide();
      }
      look();
    };
    stage.addEventListener("pointermove", point);
    stage.addEventListener("pointerdown", point);
    slide();
    Promise.all([kept, ...document.querySelectorAll(".stage img, .stock img")].map((image) => image.decode()))
      .then(look).then(() => { compare.dataset.ready = "1"; });
  }

  // Names of points.
  for (const figure of document.querySelectorAll(".scatter")) {
    const tip = figure.querySelector(".tip");
    const leave = () => {
      tip.hidden = true;
      for (const lit of figure.querySelectorAll(".lit")) lit.classList.remove("lit");
    };
    figure.addEventListener("pointerover", (event) => {
      const point = event.target.closest(".chart .point");
      leave();
      if (!point) return;
      const { name, x, y, note } = point.dataset;
      tip.textContent = `${name}: ${x}, ${y} dB${note ? `; ${note}` : ""}`;
      tip.hidden = false;
      point.classList.add("lit");
      const box = figure.getBoundingClientRect(), dot = point.querySelector(".hit").getBoundingClientRect();
      const half = tip.offsetWidth / 2, middle = dot.left + dot.width / 2 - box.left;
      tip.style.left = `${Math.min(Math.max(middle, half), box.width - half)}px`;
      tip.style.top = `${dot.top - box.top - 2}px`;
    });
    figure.addEventListener("pointerleave", leave);
  }

  // Tables to sort; a figure sorts by its value, what is none goes last.
  const worth = (cell) => {
    const figure = cell.querySelector("data");
    if (!figure) return cell.classList.contains("n") ? null : cell.textContent.trim().toLowerCase();
    return Number.isNaN(Number(figure.value)) ? figure.value : Number(figure.value);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    table.querySelectorAll("thead button").forEach((button) => {
      button.addEventListener("click", () => {
        const head = button.closest("th"), column = head.cellIndex, body = table.tBodies[0];
        const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
        const rows = [...body.rows].map((row) => [worth(row.cells[column]), row]);
        rows.sort(([a], [b]) => {
          if (a === null || b === null) return (a === null) - (b === null);
          return sign * (typeof a === "number" ? a - b : a.localeCompare(b));
        });
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  // Paper shows what is folded.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
})();
