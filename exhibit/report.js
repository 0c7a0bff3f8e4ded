'use strict';
// Pan and zoom of the diagram, and the links between it and schedule A. The view is the
// svg's viewBox; nothing is loaded, stored or sent.
(function () {
  const stage = document.getElementById('stage');
  const svg = document.getElementById('diagram');
  if (!stage || !svg) return;
  const whole = svg.viewBox.baseVal;
  const W = whole.width, H = whole.height;
  const view = { x: 0, y: 0, w: W, h: H };
  const scale = function () { return stage.clientWidth / view.w; };

  svg.removeAttribute('width');
  svg.removeAttribute('height');
  svg.setAttribute('preserveAspectRatio', 'xMidYMid meet');
  stage.classList.add('live');

  // The stage is as high as the diagram needs, and no higher than most of the window.
  function size() {
    const need = Math.min(H, stage.clientWidth * H / W) + 16;
    stage.style.height = Math.max(320, Math.min(W > 2 * stage.clientWidth ? H : need, window.innerHeight * 0.82)) + 'px';
  }

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

  // reveal lights an arrow or a box of the drawing, and the label with the same hops.
  function reveal(id) {
    const g = document.getElementById(id);
    if (!g || !svg.contains(g)) return false;
    svg.querySelectorAll('.lit').forEach(function (o) { o.classList.remove('lit'); });
    g.classList.add('lit');
    const b = g.getBBox();
    centre(b.x + b.width / 2, b.y + b.height / 2, Math.max(scale(), 0.9));
    document.getElementById('flow').scrollIntoView();
    return true;
  }
  document.getElementById('a').addEventListener('click', function (e) {
    const a = e.target.closest('a[href^="#arrow"], a[href^="#box"]');
    if (a && reveal(a.getAttribute('href').slice(1))) {
      e.preventDefault();
      history.replaceState(null, '', a.getAttribute('href'));
      stage.focus({ preventScroll: true });
    }
  });
  svg.addEventListener('click', function (e) {
    const g = e.target.closest('g[data-hops]');
    if (!g) return;
    document.querySelectorAll('tr.lit').forEach(function (r) { r.classList.remove('lit'); });
    g.dataset.hops.split(' ').slice(0, 500).forEach(function (n) {
      const r = document.getElementById('hop' + n);
      if (r) r.classList.add('lit');
    });
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

  size();
  fit();
  if (scale() < 0.55) { // too small to read: start at the left, where the seeds are
    const seed = stage.querySelector('.box').getBBox();
    centre(0, seed.y + seed.height / 2, 0.8);
    view.x = 0;
    view.y = Math.max(0, view.y);
    show();
  }
  if (location.hash) reveal(location.hash.slice(1));
})();
