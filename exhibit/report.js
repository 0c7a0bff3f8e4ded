'use strict';
// The diagram: pan and zoom, the folds that open, and the links between it and schedule A.
// The view is the svg's viewBox; nothing is loaded, stored or sent.
(function () {
  const stage = document.getElementById('stage');
  const whole = document.getElementById('diagram');
  if (!stage || !whole) return;
  const crumbs = document.getElementById('crumbs');
  const view = { x: 0, y: 0, w: 1, h: 1 };
  let svg = whole, W = 1, H = 1, level = 0;
  const scale = function () { return stage.clientWidth / view.w; };

  // use takes a drawing for the one on the stage.
  function use(next) {
    svg = next;
    if (svg.hasAttribute('width')) {
      svg.removeAttribute('width');
      svg.removeAttribute('height');
      svg.setAttribute('preserveAspectRatio', 'xMidYMid meet');
      svg.dataset.size = svg.getAttribute('viewBox');
      svg.querySelectorAll('g[data-fold]').forEach(function (g) {
        g.setAttribute('tabindex', '0');
        g.setAttribute('role', 'button');
        g.setAttribute('aria-label', 'Open fold ' + g.dataset.fold);
      });
    }
    const size = svg.dataset.size.split(' ').map(Number);
    W = size[2];
    H = size[3];
  }
  stage.classList.add('live');
  use(whole);

  // The stage is as high as the diagram needs, and no higher than most of the window; a drawing
  // from top to bottom is read by scrolling the page.
  function size() {
    const need = Math.min(H, stage.clientWidth * H / W) + 16, most = tall() ? need : window.innerHeight * 0.82;
    stage.style.height = Math.max(320, Math.min(W > 2 * stage.clientWidth ? H : need, most)) + 'px';
  }

  function tall() { return svg === whole && H > 1.2 * W && stage.clientWidth >= 0.4 * W; }

  function show() {
    view.x = Math.min(Math.max(view.x, -view.w / 2), W - view.w / 2);
    view.y = Math.min(Math.max(view.y, -view.h / 2), H - view.h / 2);
    svg.setAttribute('viewBox', [view.x, view.y, view.w, view.h].join(' '));
  }

  // at sets the zoom to k pixels of the screen for one of the drawing, keeping the point
  // (px, py) of the stage in its place.
  function at(k, px, py) {
    k = Math.min(Math.max(k, 0.05), 4);
    const fx = view.x + px / scale(), fy = view.y + py / scale();
    view.w = stage.clientWidth / k;
    view.h = stage.clientHeight / k;
    view.x = fx - px / k;
    view.y = fy - py / k;
    show();
  }

  function fit() {
    const k = Math.min(stage.clientWidth / W, stage.clientHeight / H, 1.2);
    view.w = stage.clientWidth / k;
    view.h = stage.clientHeight / k;
    view.x = (W - view.w) / 2;
    view.y = (H - view.h) / 2;
    show();
  }

  function centre(x, y, k) {
    view.w = stage.clientWidth / k;
    view.h = stage.clientHeight / k;
    view.x = x - view.w / 2;
    view.y = y - view.h / 2;
    show();
  }

  function zoom(f) { at(scale() * f, stage.clientWidth / 2, stage.clientHeight / 2); }

  function full() { at(1, stage.clientWidth / 2, stage.clientHeight / 2); }

  const actions = { in: function () { zoom(1.25); }, out: function () { zoom(0.8); }, fit: fit, full: full };
  document.querySelectorAll('.tools button').forEach(function (b) {
    b.addEventListener('click', actions[b.dataset.do]);
  });

  stage.addEventListener('wheel', function (e) {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    const r = stage.getBoundingClientRect();
    at(scale() * Math.pow(1.0015, -e.deltaY), e.clientX - r.left, e.clientY - r.top);
  }, { passive: false });

  stage.addEventListener('keydown', function (e) {
    const step = 80 / scale();
    const keys = {
      ArrowLeft: function () { view.x -= step; show(); }, ArrowRight: function () { view.x += step; show(); },
      ArrowUp: function () { view.y -= step; show(); }, ArrowDown: function () { view.y += step; show(); },
      '+': actions.in, '=': actions.in, '-': actions.out, '0': fit, '1': full
    };
    if (keys[e.key] && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      keys[e.key]();
    }
  });

  // One finger or the mouse moves the drawing, two fingers zoom. A press that does not
  // move stays a click, so that the links in the drawing work.
  const fingers = new Map();
  let moved = false;
  stage.addEventListener('pointerdown', function (e) {
    if (e.button !== 0) return;
    fingers.set(e.pointerId, { x: e.clientX, y: e.clientY });
    moved = false;
  });
  stage.addEventListener('pointermove', function (e) {
    const p = fingers.get(e.pointerId);
    if (!p) return;
    const dx = e.clientX - p.x, dy = e.clientY - p.y;
    if (!moved && Math.abs(dx) + Math.abs(dy) < 4) return;
    if (!moved) {
      moved = true;
      stage.setPointerCapture(e.pointerId);
      stage.classList.add('drag');
    }
    if (fingers.size === 2) {
      const other = Array.from(fingers.entries()).find(function (f) { return f[0] !== e.pointerId; })[1];
      const before = Math.hypot(p.x - other.x, p.y - other.y), after = Math.hypot(e.clientX - other.x, e.clientY - other.y);
      const r = stage.getBoundingClientRect();
      if (before > 0) at(scale() * after / before, (e.clientX + other.x) / 2 - r.left, (e.clientY + other.y) / 2 - r.top);
    } else {
      view.x -= dx / scale();
      view.y -= dy / scale();
      show();
    }
    p.x = e.clientX;
    p.y = e.clientY;
  });
  function up(e) {
    fingers.delete(e.pointerId);
    stage.classList.remove('drag');
  }
  stage.addEventListener('pointerup', up);
  stage.addEventListener('pointercancel', up);
  stage.addEventListener('click', function (e) {
    if (!moved) return;
    e.preventDefault();
    e.stopPropagation();
    moved = false;
  }, true);
  stage.addEventListener('dragstart', function (e) { e.preventDefault(); });

  // The folds: their drawings lie packed in the file, and are unpacked when needed.
  const data = document.getElementById('folds');
  const unpacked = new Map();
  let folds = null;

  async function unpack(k) {
    if (!unpacked.has(k)) {
      const bytes = Uint8Array.from(atob(folds.packs[k]), function (c) { return c.charCodeAt(0); });
      const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
      unpacked.set(k, (await new Response(text).text()).split('\n'));
    }
    return unpacked.get(k);
  }

  const drawings = new Map([[0, whole]]);
  async function drawing(n) {
    if (!drawings.has(n)) {
      const lines = await unpack(folds.pack[n - 1]);
      const text = lines[n - 1 - folds.pack.indexOf(folds.pack[n - 1])];
      drawings.set(n, document.importNode(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement, true));
    }
    return drawings.get(n);
  }

  // open shows the inside of fold n, 0 for the whole trace. Where the browser cannot unpack
  // it, the line of the path says so.
  async function open(n) {
    if (n === level) return true;
    if (!folds && data) folds = JSON.parse(data.textContent);
    if (!folds || n < 0 || n > folds.parent.length) return false;
    let next;
    try {
      next = await drawing(n);
    } catch (e) {
      crumbs.textContent = 'This browser cannot open fold ' + n + ' (' + e.message + ').';
      return false;
    }
    stage.replaceChild(next, svg);
    use(next);
    level = n;
    path();
    size();
    begin();
    return true;
  }

  // path writes where the drawing on the stage is: Whole trace › Fold 3 › Fold 12.
  function path() {
    crumbs.textContent = '';
    const way = [];
    for (let n = level; n > 0; n = folds.parent[n - 1]) way.unshift(n);
    if (!way.length) return;
    [0].concat(way).forEach(function (n, i) {
      if (i) crumbs.append(' › ');
      const name = n ? 'Fold ' + n : 'Whole trace';
      if (n === level) {
        const here = document.createElement('b'), sum = document.createElement('span');
        here.textContent = folds.title[n - 1];
        sum.textContent = folds.sum[n - 1];
        crumbs.append(here, ' ', sum);
        return;
      }
      const b = document.createElement('button');
      b.type = 'button';
      b.textContent = name;
      b.addEventListener('click', function () { close(n); });
      crumbs.append(b);
    });
  }

  // close goes back out to fold n, or by one level, and lights the box that was open.
  async function close(n) {
    if (!level) return;
    let from = level;
    const to = n === undefined ? folds.parent[level - 1] : n;
    while (folds.parent[from - 1] !== to) from = folds.parent[from - 1];
    await reveal(folds.box[from - 1]);
    history.replaceState(null, '', to ? '#f' + to : '#flow');
    stage.focus({ preventScroll: true });
  }

  // reveal shows an arrow or a box, in the fold that it is in: arrow3, f12-box5, or f12 for
  // a fold as a whole.
  async function reveal(id) {
    const m = /^(?:f(\d+)(?:-|$))?((?:arrow|box)\d+)?$/.exec(id);
    if (!id || !m || !await open(Number(m[1] || 0))) return false;
    const g = m[2] ? svg.querySelector('[id="' + id + '"]') : null;
    if (m[2] && !g) return false;
    svg.querySelectorAll('.lit').forEach(function (o) { o.classList.remove('lit'); });
    if (g) {
      g.classList.add('lit');
      const b = g.getBBox();
      centre(b.x + b.width / 2, b.y + b.height / 2, Math.max(scale(), 0.9));
    }
    document.getElementById('flow').scrollIntoView();
    return true;
  }
  document.getElementById('a').addEventListener('click', function (e) {
    const a = e.target.closest('a[href^="#arrow"], a[href^="#box"]');
    if (!a) return;
    e.preventDefault();
    const id = a.dataset.in || a.getAttribute('href').slice(1);
    reveal(id).then(function (found) {
      if (!found) return;
      history.replaceState(null, '', '#' + id);
      stage.focus({ preventScroll: true });
    });
  });

  function enter(g) {
    const n = Number(g.dataset.fold);
    open(n).then(function (done) {
      if (!done) return;
      history.replaceState(null, '', '#f' + n);
      stage.focus({ preventScroll: true });
    });
  }
  stage.addEventListener('click', function (e) {
    const g = e.target.closest('g[data-hops], g[data-fold]');
    if (!g) return;
    if (g.dataset.fold) {
      enter(g);
      return;
    }
    document.querySelectorAll('tr.lit').forEach(function (r) { r.classList.remove('lit'); });
    g.dataset.hops.split(' ').forEach(function (n) {
      const r = document.getElementById('hop' + n);
      if (r) r.classList.add('lit');
    });
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

  let printing = null;
  window.addEventListener('beforeprint', function () {
    printing = Object.assign({}, view);
    svg.setAttribute('viewBox', [0, 0, W, H].join(' '));
  });
  window.addEventListener('afterprint', function () {
    if (printing) Object.assign(view, printing);
    show();
  });
  window.addEventListener('resize', function () {
    const k = scale();
    size();
    at(k, 0, 0);
  });

  // begin shows the whole drawing, or, where that would be too small to read, its left end:
  // the seeds, or where value enters the fold.
  function begin() {
    fit();
    if (scale() >= 0.55 || tall()) return;
    const first = svg.querySelector('.box');
    const b = first ? first.getBBox() : { y: 0, height: H };
    centre(0, b.y + b.height / 2, 0.8);
    view.x = 0;
    view.y = Math.max(0, view.y);
    show();
  }

  size();
  begin();
  if (location.hash) reveal(location.hash.slice(1));
  window.addEventListener('hashchange', function () { reveal(location.hash.slice(1)); });
})();
