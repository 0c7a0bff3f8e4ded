// The drawings: the folds that open, and the drawings under other rules. They lie packed in the
// file, and are unpacked when they are needed.
(function () {
  const stage = clew.stage.element, crumbs = document.getElementById('crumbs');
  const holder = document.getElementById('drawings');
  const unpacked = new Map(), made = new Map([['0/0', clew.stage.svg()]]);
  let all = null, rule = 0, level = 0;

  // set is what is known of the drawings under the rule that is shown.
  function set() {
    if (!all) all = JSON.parse(holder.textContent);
    return all.rules[rule];
  }

  function unpack(k) {
    if (!unpacked.has(k)) unpacked.set(k, clew.unpack(all.packs[k]).then(function (text) { return text.split('\n'); }));
    return unpacked.get(k);
  }

  // drawing returns that of fold n, 0 for the whole trace.
  async function drawing(n) {
    const key = rule + '/' + n;
    if (!made.has(key)) {
      const s = set(), i = s.first + n - (s.packed ? 0 : 1);
      const lines = await unpack(Math.floor(i / all.size));
      const svg = document.importNode(new DOMParser().parseFromString(lines[i % all.size], 'image/svg+xml').documentElement, true);
      if (n) svg.classList.add('inside');
      else svg.id = 'diagram';
      made.set(key, svg);
    }
    return made.get(key);
  }

  // open shows the inside of fold n, 0 for the whole trace. Where the browser cannot unpack
  // it, the line of the path says so.
  async function open(n, anew) {
    if (n === level && !anew) return true;
    const s = set();
    if (n < 0 || n > s.parent?.length || n && !s.parent) return false;
    let next;
    try {
      next = await drawing(n);
    } catch (e) {
      crumbs.textContent = 'This browser cannot open ' + (n ? 'fold ' + n : 'the drawing') + ' (' + e.message + ').';
      return false;
    }
    clew.stage.use(next);
    level = n;
    path();
    clew.stage.begin();
    clew.tell('drawn');
    return true;
  }

  // path writes where the drawing on the stage is: Whole trace › Fold 3 › Fold 12.
  function path() {
    crumbs.textContent = '';
    const s = set(), way = [];
    for (let n = level; n > 0; n = s.parent[n - 1]) way.unshift(n);
    if (!way.length) return;
    [0].concat(way).forEach(function (n, i) {
      if (i) crumbs.append(' › ');
      if (n === level) {
        crumbs.append(clew.element('b', {}, s.title[n - 1]), ' ', clew.element('span', {}, s.sum[n - 1]));
        return;
      }
      crumbs.append(clew.button(n ? 'Fold ' + n : 'Whole trace', function () { close(n); }));
    });
  }

  // close goes back out to fold n, or by one level, and lights the box that was open.
  async function close(n) {
    if (!level) return;
    const s = set();
    let from = level;
    const to = n === undefined ? s.parent[level - 1] : n;
    while (s.parent[from - 1] !== to) from = s.parent[from - 1];
    await reveal(s.box[from - 1]);
    clew.write(to ? 'f' + to : 'flow');
    stage.focus({ preventScroll: true });
  }

  // reveal shows an arrow or a box, in the fold that it is in: arrow3, f12-box5, or f12 for
  // a fold as a whole. With still, the page is not scrolled to it.
  async function reveal(id, still) {
    const m = /^(?:f(\d+)(?:-|$))?((?:arrow|box)\d+)?$/.exec(id);
    if (!id || !m || !await open(Number(m[1] || 0))) return false;
    const g = m[2] ? clew.stage.svg().querySelector('[id="' + id + '"]') : null;
    if (m[2] && !g) return false;
    clew.stage.light(g);
    if (!still) {
      document.getElementById('flow').scrollIntoView();
      if (g) clew.stage.inSight(g);
      stage.focus({ preventScroll: true });
    }
    return true;
  }
  clew.knows(function (id) { return reveal(id); });

  // under shows the drawing under the rule of the given name; false where it has none, and the one
  // on the stage stays.
  async function under(name) {
    set();
    const next = all.rules.findIndex(function (r) { return r.rule === name; });
    if (next < 0) return false;
    if (next === rule) return true;
    rule = next;
    return open(0, true);
  }

  function enter(g) {
    const n = Number(g.dataset.fold);
    open(n).then(function (done) {
      if (!done) return;
      clew.write('f' + n);
      stage.focus({ preventScroll: true });
    });
  }
  stage.addEventListener('click', function (e) {
    const g = e.target.closest('g[data-hops], g[data-fold]');
    if (!g) return;
    e.preventDefault();
    if (g.dataset.fold) {
      enter(g);
      return;
    }
    clew.tell('hops', { numbers: g.dataset.hops.split(' ').map(Number), from: g.querySelector('a') });
  });
  stage.addEventListener('keydown', function (e) {
    const g = e.target.closest('g[data-fold]');
    if (g && (e.key === 'Enter' || e.key === ' ')) {
      e.preventDefault();
      enter(g);
    } else if ((e.key === 'Escape' || e.key === 'Backspace') && level) {
      e.preventDefault();
      close();
    }
  });

  // placeOf is the id of what shows a hop, in the fold nearest to it; '' where nothing does.
  function placeOf(hop) {
    const r = clew.trace.rules.findIndex(function (x) { return x.name === set().rule; }), h = clew.trace.hops;
    return h.in[r][hop - 1] || h.show[r][hop - 1] || '';
  }

  // closed reports whether folds do not open, since there would be too many.
  function closed() { return set().closed; }

  clew.drawing = { closed: closed, reveal: reveal, under: under, set: set, level: function () { return level; }, placeOf: placeOf };
})();
