// The rule switch: what the drawing, the summary, schedule A and schedule C say under another rule
// than the declared one. The declared one stays marked, and a banner says what is shown.
(function () {
  const select = document.getElementById('rule'), banner = document.getElementById('banner');
  const shownFirst = select.value;
  clew.rule = 0;

  function declared() { return clew.trace.rules.find(function (r) { return r.declared; }); }

  // say fills the banner: under which rule things are shown, and what does not follow.
  function say(drawn) {
    const rule = clew.trace.rules[clew.rule], d = declared();
    banner.hidden = clew.rule === clew.trace.shown;
    if (banner.hidden) return;
    let text = 'Shown under ' + rule.name + ' (' + rule.words + '); ' + (d ? 'the rule declared in the incident is ' + d.name + '.' : 'the incident declares another.');
    if (!drawn) text += ' The diagram stays under ' + clew.drawing.set().rule + (rule.aside ? ': ' + rule.name + ' ' + rule.aside.replace(/^it /, '') + '.' : '.');
    else if (clew.drawing.closed()) text += ' Folds do not open under ' + rule.name + ', since it makes too many of them.';
    text += ' Timeline, proportions, schedules B, D, E and H and the files beside this one do not change.';
    banner.replaceChildren(clew.element('b', {}, text), ' ', clew.button('Back to ' + shownFirst, function () {
      select.value = shownFirst;
      choose();
    }));
  }

  function mark(cells, k) {
    Array.from(cells).forEach(function (c, i) { c.classList.toggle('shown', i === k && clew.rule !== clew.trace.shown); });
  }

  // columns marks the column of the rule in the tables that have one for each.
  function columns() {
    document.querySelectorAll('.totals thead tr, .totals tbody tr:not(.group)').forEach(function (tr) { mark(tr.children, clew.rule + 1); });
    document.querySelectorAll('#c .chunk thead tr').forEach(function (tr) { mark(tr.children, clew.rule + 4); });
    document.querySelectorAll('#a thead th:nth-child(7), #a thead th:nth-child(9)').forEach(function (th) {
      th.dataset.under = clew.rule === clew.trace.shown ? '' : clew.trace.rules[clew.rule].name;
    });
    document.querySelectorAll('.under').forEach(function (e) {
      e.hidden = e.dataset.rule !== clew.trace.rules[clew.rule].name && (e.dataset.rule !== shownFirst || drawable());
    });
  }
  function drawable() { return Boolean(document.querySelector('.under[data-rule="' + clew.trace.rules[clew.rule].name + '"]')); }

  // The cells of schedule A that the rule decides.
  const traced = 6, basis = 8;
  function cell(row, column) {
    if (!clew.trace || clew.rule === clew.trace.shown || column !== traced && column !== basis) return null;
    if (column === traced) {
      const t = clew.traced(row, clew.rule);
      return t === null ? clew.silent(row, clew.rule) : clew.amount(clew.trace.rows.unit[row], t).replace(/\u00a0/g, ' ');
    }
    const b = clew.trace.hops.basis[clew.rule][clew.trace.rows.hop[row] - 1];
    return b < 0 ? '' : clew.trace.words[b];
  }
  function dressHop(tr, row) {
    if (!clew.trace) return;
    const hop = clew.trace.rows.hop[row];
    tr.dataset.hop = hop;
    const own = clew.rule === clew.trace.shown, tds = tr.children;
    if (own && !tr.dataset.under) return;
    [traced, basis].forEach(function (c) {
      if (tds[c].dataset.own === undefined) tds[c].dataset.own = tds[c].textContent;
      tds[c].textContent = own ? tds[c].dataset.own : cell(row, c);
    });
    tr.dataset.under = own ? '' : clew.trace.rules[clew.rule].name;
    tr.classList.toggle('dim', clew.trace.hops.basis[clew.rule][hop - 1] < 0);
  }
  function dressEnd(tr) {
    if (!clew.trace) return;
    const n = Number(tr.id.slice(3)), own = clew.rule === clew.trace.shown;
    mark(tr.children, clew.rule + 4);
    const small = tr.querySelector('td.r small');
    if (!small) return;
    if (small.dataset.own === undefined) small.dataset.own = small.textContent;
    small.textContent = own ? small.dataset.own : clew.trace.ends.basis[clew.rule][n - 1];
  }
  clew.schedules.forEach(function (s) {
    if (s.section === 'a') {
      s.dress = dressHop;
      s.cell = cell;
    } else if (s.section === 'c') s.dress = dressEnd;
  });

  // under shows the whole page under the rule of the given name.
  clew.under = async function (name) {
    await clew.data();
    const next = clew.trace.rules.findIndex(function (r) { return r.name === name; });
    if (next < 0) return;
    clew.rule = next;
    select.value = name;
    clew.state.rule = name === shownFirst ? '' : name;
    const drawn = await clew.drawing.under(name) || (await clew.drawing.under(shownFirst), false);
    say(drawn);
    columns();
    clew.schedules.forEach(function (s) { if (s.dress) s.again(false); });
    clew.tell('rule');
  };
  function choose() {
    clew.under(select.value).then(function () { clew.write(''); });
  }
  select.addEventListener('change', choose);
})();
