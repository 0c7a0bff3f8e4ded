// On paper the drawing stands whole on one page, and, where that makes it too small to read, once more
// in parts, cut where no box and no text stands. The parts are copies, made when printing begins and gone
// when it ends.
(function () {
  const sheets = document.getElementById('sheets');
  // A landscape page of letter or A4 in pixels, less margins, heading and caption; the scale from which on a
  // page is enough; how much of a part is seen again on the next where a cut goes through a box.
  const page = { w: 950, h: 620 }, readable = 0.6, again = 140, most = 24;

  // cut divides the drawing along one side into parts [from, to] of a length at most.
  function cut(spans, total, length) {
    const parts = [];
    for (let from = 0; from < total;) {
      let to = Math.min(from + length, total);
      for (let across = to < total; across;) {
        across = spans.find(function (s) { return s[0] < to && to < s[1]; });
        if (across) to = across[0];
      }
      const clean = to > from + length / 3 || to === total;
      if (!clean) to = from + length;
      parts.push([from, to]);
      from = clean ? to : to - again;
    }
    return parts;
  }

  // boxes are where things stand that no cut may divide: [left, top, right, bottom].
  function boxes(svg, what) {
    return Array.from(svg.querySelectorAll(what), function (e) {
      const b = e.getBBox();
      return [b.x - 2, b.y - 2, b.x + b.width + 2, b.y + b.height + 2];
    });
  }

  // parts are the pages of a drawing. One from left to right has its title and notes, which run over its
  // whole width, on the page of the whole alone.
  function parts(svg) {
    const size = svg.dataset.size.split(' ').map(Number), W = size[2], H = size[3], down = H > W;
    if (Math.min(page.w / W, page.h / H) >= readable) return [];
    const stand = boxes(svg, down ? 'g.box, g.label, text:not([transform])' : 'g.box, g.label');
    const top = down ? 0 : Math.max(0, Math.min(...stand.map(function (b) { return b[1]; })) - 20);
    const high = down ? H : Math.min(H, Math.max(...stand.map(function (b) { return b[3]; })) + 20) - top;
    const scale = Math.min(1, down ? page.w / W : page.h / high);
    const spans = stand.map(function (b) { return down ? [b[1], b[3]] : [b[0], b[2]]; });
    const all = cut(spans, down ? H : W, Math.floor((down ? page.h : page.w) / scale));
    if (all.length > most) return [];
    return all.map(function (p, i) {
      const part = svg.cloneNode(true), w = down ? W : p[1] - p[0], h = down ? p[1] - p[0] : high;
      part.removeAttribute('id');
      part.setAttribute('viewBox', [down ? 0 : p[0], down ? p[0] : top, w, h].join(' '));
      part.setAttribute('width', Math.round(w * scale));
      part.setAttribute('height', Math.round(h * scale));
      return clew.element('figure', {}, clew.element('figcaption', { class: 'fine' }, 'The diagram, part ' + (i + 1) + ' of ' + all.length +
        (i + 1 < all.length ? ': it goes on ' + (down ? 'below' : 'to the right') + ' in part ' + (i + 2) : '')), part);
    });
  }

  window.addEventListener('beforeprint', function () { sheets.replaceChildren(...parts(clew.stage.svg())); });
  window.addEventListener('afterprint', function () { sheets.replaceChildren(); });
})();
