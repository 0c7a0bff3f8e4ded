// The stage: pan and zoom of the drawing on it. The view is the svg's viewBox.
(function () {
  const stage = document.getElementById('stage'), whole = document.getElementById('diagram');
  const view = { x: 0, y: 0, w: 1, h: 1 };
  let svg = whole, W = 1, H = 1, width = 1, height = 1;
  const scale = function () { return width / view.w; };

  // use takes a drawing for the one on the stage.
  function use(next) {
    if (svg !== next) stage.replaceChild(next, svg);
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
      svg.querySelectorAll('g.arrow > a').forEach(function (a) { a.setAttribute('tabindex', '-1'); }); // its label is reached by keys
      svg.querySelectorAll('g.label > a').forEach(function (a) { a.setAttribute('aria-label', a.parentNode.querySelector('title').textContent); });
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
    width = stage.clientWidth;
    const need = Math.min(H, width * H / W) + 16, most = tall() ? need : window.innerHeight * 0.82;
    stage.style.height = Math.max(320, Math.min(W > 2 * width ? H : need, most)) + 'px';
    height = stage.clientHeight;
  }

  function tall() { return !svg.classList.contains('inside') && H > 1.2 * W && width >= 0.4 * W; }

  // show draws the view. A drag only slides what is drawn, which the browser does without laying it out
  // and painting it again; when it ends the view is drawn.
  let waiting = 0, drawn = { x: 0, y: 0, w: 1 };
  function keep() {
    cancelAnimationFrame(waiting);
    waiting = 0;
    view.x = Math.min(Math.max(view.x, -view.w / 2), W - view.w / 2);
    view.y = Math.min(Math.max(view.y, -view.h / 2), H - view.h / 2);
  }
  function show() {
    keep();
    drawn = { x: view.x, y: view.y, w: view.w };
    svg.style.willChange = svg.style.overflow = svg.style.transform = '';
    svg.setAttribute('viewBox', [view.x, view.y, view.w, view.h].join(' '));
  }
  function slide() {
    if (view.w !== drawn.w) { // a zoom came between
      show();
      return;
    }
    keep();
    svg.style.willChange = 'transform';
    svg.style.overflow = 'visible'; // what slides into the stage, which cuts it
    svg.style.transform = 'translate(' + (drawn.x - view.x) * scale() + 'px, ' + (drawn.y - view.y) * scale() + 'px)';
  }
  // soon draws it with the next frame: moves of a pointer and a wheel come more often than frames.
  function soon(then) { if (!waiting) waiting = requestAnimationFrame(then || show); }

  // at sets the zoom to k pixels of the screen for one of the drawing, keeping the point
  // (px, py) of the stage in its place.
  function at(k, px, py, then) {
    k = Math.min(Math.max(k, 0.05), 4);
    const fx = view.x + px / scale(), fy = view.y + py / scale();
    view.w = width / k;
    view.h = height / k;
    view.x = fx - px / k;
    view.y = fy - py / k;
    (then || show)();
  }

  function fit() {
    const k = Math.min(width / W, height / H, 1.2);
    view.w = width / k;
    view.h = height / k;
    view.x = (W - view.w) / 2;
    view.y = (H - view.h) / 2;
    show();
  }

  function centre(x, y, k) {
    view.w = width / k;
    view.h = height / k;
    view.x = x - view.w / 2;
    view.y = y - view.h / 2;
    show();
  }

  function zoom(f) { at(scale() * f, width / 2, height / 2); }

  function full() { at(1, width / 2, height / 2); }

  const actions = { in: function () { zoom(1.25); }, out: function () { zoom(0.8); }, fit: fit, full: full };
  document.querySelectorAll('.tools button[data-do]').forEach(function (b) {
    b.addEventListener('click', actions[b.dataset.do]);
  });

  stage.addEventListener('wheel', function (e) {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    const r = stage.getBoundingClientRect();
    at(scale() * Math.pow(1.0015, -e.deltaY), e.clientX - r.left, e.clientY - r.top, soon);
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

  // inSight scrolls the page where a part of the drawing is outside of the window: a tall drawing is
  // higher than it. The bar at the top and the panel at the foot of a narrow window cover some of it.
  function inSight(g) {
    const r = g.getBoundingClientRect(), bar = document.getElementById('top'), panel = document.getElementById('panel');
    const from = Math.max(0, getComputedStyle(bar).position === 'sticky' ? bar.getBoundingClientRect().bottom : 0);
    const to = !panel.hidden && panel.offsetTop > from ? panel.offsetTop : innerHeight;
    if (r.top < from || r.bottom > to) window.scrollBy(0, (r.top + r.bottom - from - to) / 2);
  }

  // What has the focus is in sight.
  stage.addEventListener('focusin', function (e) {
    const g = e.target.closest('g[id], g.label');
    if (!g || !e.target.matches(':focus-visible')) return;
    const b = g.getBBox();
    if (b.x < view.x || b.y < view.y || b.x + b.width > view.x + view.w || b.y + b.height > view.y + view.h) {
      centre(b.x + b.width / 2, b.y + b.height / 2, scale());
    }
    inSight(g);
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
      if (before > 0) at(scale() * after / before, (e.clientX + other.x) / 2 - r.left, (e.clientY + other.y) / 2 - r.top, soon);
    } else {
      view.x -= dx / scale();
      view.y -= dy / scale();
      soon(slide);
    }
    p.x = e.clientX;
    p.y = e.clientY;
  });
  function up(e) {
    fingers.delete(e.pointerId);
    stage.classList.remove('drag');
    if (svg.style.transform || waiting) show();
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

  let printing = null;
  window.addEventListener('beforeprint', function () {
    printing = Object.assign({}, view);
    svg.setAttribute('viewBox', [0, 0, W, H].join(' '));
  });
  window.addEventListener('afterprint', function () {
    if (printing) Object.assign(view, printing);
    show();
  });
  // measure takes the size of the stage anew, and leaves what is shown in its place.
  function measure() {
    const k = scale();
    size();
    at(k, 0, 0);
  }
  window.addEventListener('resize', measure);
  clew.on('panel', measure); // it takes some of the width

  // begin shows the whole drawing, or, where that would be too small to read, its left end:
  // the seeds, or where value enters the fold.
  function begin() {
    size();
    fit();
    if (scale() < 0.55 && !tall()) {
      const first = svg.querySelector('.box');
      const b = first ? first.getBBox() : { y: 0, height: H };
      centre(0, b.y + b.height / 2, 0.8);
      view.x = 0;
      view.y = Math.max(0, view.y);
      show();
    }
  }

  // light marks a group of the drawing and brings it to the middle of the stage.
  function light(g) {
    dark();
    if (!g) return;
    g.classList.add('lit');
    const b = g.getBBox();
    centre(b.x + b.width / 2, b.y + b.height / 2, Math.max(scale(), 0.9));
  }
  function dark() { svg.querySelectorAll('.lit').forEach(function (o) { o.classList.remove('lit'); }); }

  clew.stage = { element: stage, svg: function () { return svg; }, use: use, begin: begin, light: light, inSight: inSight };
  begin();
})();
