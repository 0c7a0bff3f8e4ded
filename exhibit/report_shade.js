// What the filters leave out is pale in the drawing: an arrow matches where any of its hops does, a
// fold where any hop inside of it does, a box where an arrow at it does.
(function () {
  let match = null;

  // foldsOf finds the boxes of folds that hold a matching hop, on every level.
  function foldsOf(set) {
    const out = new Set();
    match.forEach(function (yes, hop) {
      if (!yes || !hop) return;
      const id = clew.drawing.placeOf(hop), show = clew.trace.hops.show[ruleIndex(set)][hop - 1];
      if (show) out.add(show);
      out.add(id);
      const m = /^f(\d+)-/.exec(id);
      for (let n = m ? Number(m[1]) : 0; n > 0; n = set.parent[n - 1]) out.add(set.box[n - 1]);
    });
    return out;
  }

  function ruleIndex(set) { return clew.trace.rules.findIndex(function (r) { return r.name === set.rule; }); }

  function some(g) { return Boolean(g.dataset.hops) && g.dataset.hops.split(' ').some(function (n) { return match[n]; }); }

  function shade() {
    const svg = clew.stage.svg();
    svg.querySelectorAll('.pale').forEach(function (g) { g.classList.remove('pale'); });
    if (!match) return;
    const set = clew.drawing.set(), folds = foldsOf(set), ends = set.ends[clew.drawing.level()];
    const touched = new Set();
    svg.querySelectorAll('g.arrow').forEach(function (g) {
      const yes = some(g), n = Number((/arrow(\d+)$/.exec(g.id) || [])[1]);
      g.classList.toggle('pale', !yes);
      if (yes && n) touched.add(ends[2 * n - 2]).add(ends[2 * n - 1]);
    });
    svg.querySelectorAll('g.label, g.other').forEach(function (g) { g.classList.toggle('pale', !some(g)); });
    svg.querySelectorAll('g.box').forEach(function (g) {
      const n = Number(/box(\d+)$/.exec(g.id)[1]);
      g.classList.toggle('pale', !(g.dataset.fold ? folds.has(g.id) : touched.has(n) || some(g)));
    });
  }
  clew.on('drawn', shade);
  clew.on('match', function (m) {
    match = m;
    shade();
  });
})();
