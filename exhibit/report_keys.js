// Keys for the whole page, light and dark, and the start: the view that the address names.
(function () {
  const help = document.getElementById('help'), root = document.documentElement;
  const field = document.getElementById('find'), select = document.getElementById('rule');

  function theme() {
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
  }
  document.getElementById('theme').addEventListener('click', theme);
  document.getElementById('help-toggle').addEventListener('click', function () { help.showModal(); });
  document.getElementById('help-close').addEventListener('click', function () { help.close(); });

  // turn chooses the rule before or after the one that is shown.
  function turn(by) {
    const n = select.options.length;
    select.selectedIndex = (select.selectedIndex + by + n) % n;
    select.dispatchEvent(new Event('change'));
  }
  function walk(by) {
    const hop = clew.panel.hop() + by;
    if (clew.trace && clew.panel.hop() && hop > 0 && hop <= clew.trace.hops.kind.length) clew.showHop(hop);
  }
  const keys = {
    '/': function () { field.focus(); field.select(); }, '?': function () { help.showModal(); },
    f: function () { clew.openFilters(document.getElementById('filters').hidden); }, r: function () { turn(1); }, R: function () { turn(-1); },
    n: function () { walk(1); }, p: function () { walk(-1); }, d: function () { clew.stage.element.focus(); }, t: theme,
    Escape: function () { if (clew.panel.open()) clew.panel.close(); }
  };
  document.addEventListener('keydown', function (e) {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || help.open || !keys[e.key]) return;
    if (e.target.closest('input, select, textarea')) return;
    e.preventDefault();
    keys[e.key]();
  });

  // What hangs below the bar knows how high it is.
  const top = document.getElementById('top');
  function measure() { root.style.setProperty('--top', (getComputedStyle(top).position === 'sticky' ? top.offsetHeight : 0) + 'px'); }
  document.getElementById('bar').hidden = false;
  measure();
  new ResizeObserver(measure).observe(top);

  // restore shows the view that the fragment names.
  async function restore() {
    const to = clew.parse(location.hash);
    clew.choices.forEach(function (k) { clew.state[k] = to[k] || ''; });
    clew.state.at = to.at;
    const chosen = Array.from(select.options).find(function (o) { return o.value === (to.rule || select.dataset.first); });
    if (chosen && (to.rule || select.value !== select.dataset.first)) await clew.under(chosen.value);
    await clew.filter();
    field.value = to.q || '';
    if (to.q && !to.at) await clew.search(to.q);
    else if (to.at) await clew.visit(to.at);
  }
  restore();
  window.addEventListener('hashchange', restore);
})();
