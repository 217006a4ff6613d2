"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add("js");

  // Sorting. A place without a value stands last in both orders; equal rows keep their order.
  const key = (row, column) => {
    const place = row.cells[column];
    const text = place.dataset.value ?? place.textContent.trim();
    return { text, number: text === "" ? NaN : parseFloat(text) };
  };
  const sort = (button) => {
    const head = button.closest("th");
    const table = head.closest("table");
    const falling = head.getAttribute("aria-sort") === "ascending";
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, ...key(row, head.cellIndex) }));
    const numeric = rows.some((one) => !Number.isNaN(one.number)) && rows.every((one) => one.text === "" || !Number.isNaN(one.number));
    const sign = falling ? -1 : 1;
    rows.sort((a, b) => {
      if ((a.text === "") !== (b.text === "")) return a.text === "" ? 1 : -1;
      return sign * (numeric ? a.number - b.number || 0 : a.text.localeCompare(b.text, "en", { numeric: true }));
    });
    for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    table.tBodies[0].append(...rows.map((one) => one.row));
  };
  for (const button of all("button.sort")) button.addEventListener("click", () => sort(button));

  // Filters act on all of their part: leaderboards, tables, figures and cells.
  const filter = (form) => {
    const part = document.getElementById(form.dataset.part);
    const { text, setting, control, published, cost } = form.elements;
    const wanted = text.value.trim().toLowerCase();
    part.classList.toggle("no-control", !control.checked);
    part.classList.toggle("no-published", !published.checked);
    part.classList.toggle("no-cost", !cost.checked);
    for (const one of all("[data-name], [data-setting]", part)) {
      const { name, setting: where } = one.dataset;
      const hidden = (name !== undefined && !name.toLowerCase().includes(wanted))
        || (where !== undefined && setting.value !== "" && where !== setting.value)
        || (one.dataset.control !== undefined && !control.checked);
      one.toggleAttribute("data-out", hidden);
    }
    const rows = all(".board tbody tr", part);
    const shown = rows.filter((row) => row.getClientRects().length > 0);
    form.querySelector("output").textContent = shown.length < rows.length ? `${shown.length} of ${rows.length} rows` : "";
  };
  for (const form of all("form.controls")) {
    form.hidden = false;
    form.addEventListener("input", () => filter(form));
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  // A link to a cell opens it.
  const follow = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let one = target; one; one = one.parentElement) {
      one.removeAttribute("data-out");
      if (one.tagName === "DETAILS") one.open = true;
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();
  for (const button of all("button.all")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      for (const one of all("details", button.closest("section"))) one.open = button.dataset.open !== "";
    });
  }

  // Paper shows what is closed on the screen.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
})();
