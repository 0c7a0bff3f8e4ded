// The filters: which hops match, how many these are and what is traced in them. What does not match
// is pale in the drawing and left out of schedules A and C; the address says what was chosen.
(function () {
  const form = document.getElementById('filters'), says = document.getElementById('matches');
  const toggle = document.getElementById('filter-toggle');
  const fields = ['from', 'to', 'min', 'asset', 'evidence', 'basis', 'chain', 'kind'];

  // least reads a decimal as whole units, per unit of the trace; null where it is none.
  function least(text) {
    const m = /^\s*(\d*)(?:[.,](\d*))?\s*$/.exec(text);
    if (!m || !(m[1] || m[2])) return null;
    return clew.trace.units.map(function (u) {
      const frac = (m[2] || '').padEnd(u.decimals, '0');
      const more = /[1-9]/.test(frac.slice(u.decimals)) ? 1n : 0n; // what is finer than a unit is rounded up
      return BigInt((m[1] || '0') + frac.slice(0, u.decimals)) + more;
    });
  }

  // time reads the beginning of a moment as rows have it, "2022-03-29 11:19:50": a day, an hour, a
  // minute; '' where it is none.
  function time(text) {
    const t = (text || '').trim().replace('T', ' ').replace(/Z$/, '');
    return /^\d{4}(-\d\d(-\d\d( \d\d(:\d\d(:\d\d)?)?)?)?)?$/.test(t) ? t : '';
  }

  // find returns, by number of the hop, whether it matches, and what is traced in those that do.
  function find() {
    const t = clew.trace, s = clew.state, rows = t.rows, w = t.words;
    const from = time(s.from), to = time(s.to), min = s.min ? least(s.min) : null;
    const match = new Array(t.hops.kind.length + 1).fill(false), sums = t.units.map(function () { return 0n; });
    let n = 0;
    const leg = function (i) {
      const u = t.units[rows.unit[i]];
      if (from && rows.time[i] < from || to && rows.time[i].slice(0, to.length) > to || s.asset && u.symbol !== s.asset || s.chain && u.chain !== s.chain ||
        s.evidence && w[rows.evidence[i]] !== s.evidence) return false;
      return !min || BigInt(clew.traced(i, clew.rule) || 0) >= min[rows.unit[i]];
    };
    for (let hop = 1; hop < match.length; hop++) {
      const basis = t.hops.basis[clew.rule][hop - 1];
      if (s.kind && w[t.hops.kind[hop - 1]] !== s.kind || s.basis && (basis < 0 ? s.basis !== 'none' : w[basis] !== s.basis)) continue;
      const last = clew.rowsOf(hop).filter(leg).pop();
      if (last === undefined) continue;
      match[hop] = true;
      n++;
      sums[rows.unit[last]] += BigInt(clew.traced(last, clew.rule) || 0);
    }
    return { match: match, n: n, sums: sums };
  }

  function group(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ','); }

  function apply() {
    const on = fields.some(function (f) { return clew.state[f]; });
    clew.match = null;
    ['from', 'to'].forEach(function (f) {
      form.elements[f].setCustomValidity(clew.state[f] && !time(clew.state[f]) ? 'A time of UTC, such as 2022-03-29 or 2022-03-29 11:19' : '');
    });
    form.elements.min.setCustomValidity(clew.state.min && !least(clew.state.min) ? 'A number, such as 0.5' : '');
    toggle.classList.toggle('on', on);
    says.hidden = !on;
    if (on) {
      const found = find(), t = clew.trace;
      clew.match = found.match;
      const sums = found.sums.map(function (s, i) { return s ? clew.amount(i, String(s)) : ''; }).filter(Boolean);
      const ends = t.ends.hop.filter(function (h) { return h && found.match[h]; }).length;
      says.replaceChildren(clew.element('b', {}, group(found.n) + ' of ' + group(t.hops.kind.length) + ' hops match'),
        '; under ' + t.rules[clew.rule].name + ' ' + (sums.join(' + ') || 'nothing') + ' is traced in them' +
        (found.n > 1 && sums.length ? ', value that moves on being counted in each. ' : '. ') +
        group(ends) + ' of ' + group(t.ends.hop.length) + ' endpoints (fees among them) follow such a hop. ', clew.button('Show the next', next), ' ', clew.button('Clear filters', clear));
    }
    clew.tell('match', clew.match);
    clew.schedules.forEach(function (s) {
      if (s.section === 'a') s.keep = on ? function (i) { return clew.match[clew.trace.rows.hop[i]]; } : null;
      else if (s.section === 'c') s.keep = on ? function (_, row) { return clew.match[clew.trace.ends.hop[Number(/id="end(\d+)"/.exec(row)[1]) - 1]]; } : null;
      else return;
      s.again(true);
    });
  }

  // next shows the next hop that matches, after the one that is in words.
  function next() {
    const n = clew.match.length;
    for (let k = 1; k <= n; k++) {
      const hop = (clew.panel.hop() + k) % n;
      if (clew.match[hop]) {
        clew.showHop(hop);
        return;
      }
    }
  }

  function clear() {
    fields.forEach(function (f) { clew.state[f] = form.elements[f].value = ''; });
    apply();
    clew.write();
  }

  // filtered is whether anything was applied to the page that would have to be taken back.
  clew.filter = async function () {
    if (!clew.match && !fields.some(function (f) { return clew.state[f]; })) return;
    await clew.data();
    fields.forEach(function (f) { form.elements[f].value = clew.state[f] || ''; });
    apply();
  };
  clew.on('rule', function () { if (clew.match) apply(); });

  let waiting = 0;
  form.addEventListener('input', function () {
    clearTimeout(waiting);
    waiting = setTimeout(function () {
      fields.forEach(function (f) { clew.state[f] = form.elements[f].value; });
      clew.data().then(apply).then(function () { clew.write(); });
    }, 150);
  });
  form.addEventListener('submit', function (e) { e.preventDefault(); });
  form.elements.clear.addEventListener('click', clear);
  toggle.addEventListener('click', function () { clew.openFilters(form.hidden); });
  clew.openFilters = function (yes) {
    form.hidden = !yes;
    toggle.setAttribute('aria-expanded', String(yes));
    if (yes) form.elements.from.focus();
  };
})();
