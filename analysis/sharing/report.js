"use strict";
// Draws the charts: those behind a closed fold once it is opened, as they have no width before.
const words = JSON.parse(document.getElementById("words").textContent);
// Vega's own interpreter reads expressions, so that the page needs no permission to run texts as code.
const how = {
  mode: "vega-lite", renderer: "svg", ast: true, i18n: words, downloadFileName: "sluice",
  actions: { export: true, source: false, compiled: false, editor: false },
};

function draw(figure) {
  figure.dataset.drawn = "begun";
  const chart = figure.querySelector(".chart");
  vegaEmbed(chart, JSON.parse(figure.querySelector("script").textContent), how)
    .then(() => {
      figure.dataset.drawn = "yes";
      const box = chart.querySelector("svg").viewBox.baseVal;
      figure.classList.toggle("tall", box.height > box.width); // many rows: on paper they need a page to be read
    })
    .catch((error) => { chart.textContent = words.NO_CHART; console.error(error); });
}

function drawIn(part) {
  for (const figure of part.querySelectorAll("figure:not([data-drawn])")) {
    if (!figure.closest("details:not([open])")) draw(figure);
  }
}

document.addEventListener("toggle", (event) => { if (event.target.open) drawIn(event.target); }, true);
drawIn(document);
