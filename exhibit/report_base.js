'use strict';
// What the parts of the report's script share: the trace as data, what is chosen, and the fragment
// of the address that says so. Nothing is loaded, stored or sent.
const clew = {};
(function () {
  const listeners = new Map();
  // on calls fn whenever something of the given name is told; tell says it to all, in order.
  clew.on = function (name, fn) { listeners.set(name, (listeners.get(name) || []).concat(fn)); };
  clew.tell = function (name, what) { (listeners.get(name) || []).forEach(function (fn) { fn(what); }); };

  // unpack reads what is deflated and in base64.
  clew.unpack = async function (text) {
    const bytes = Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); });
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
  };

  let loading = null;
  // data is the trace, unpacked when it is first needed.
  clew.data = function () {
    if (!loading) {
      loading = clew.unpack(JSON.parse(document.getElementById('data').textContent)).then(function (text) {
        clew.trace = JSON.parse(text);
        return clew.trace;
      });
    }
    return loading;
  };

  const NBSP = '\u00a0', thin = '\u202f';
  // number writes whole units as the schedules do, exactly.
  clew.number = function (unit, units) {
    const d = clew.trace.units[unit].decimals;
    let whole = units, frac = '';
    if (d > 0) {
      const digits = units.padStart(d + 1, '0');
      whole = digits.slice(0, -d);
      frac = digits.slice(-d);
      if (d > 8) frac = frac.replace(/0+$/, '').padEnd(2, '0');
    }
    return whole.replace(/\B(?=(\d{3})+$)/g, thin) + (frac && '.' + frac);
  };
  clew.amount = function (unit, units) { return clew.number(unit, units) + NBSP + clew.trace.units[unit].symbol; };

  // traced is what rule r traces of a row of schedule A, in units; null where it does not say.
  clew.traced = function (row, r) {
    const t = clew.trace.rows.traced[r][row];
    return t === '' ? null : t === '=' ? clew.trace.rows.whole[row] : t;
  };

  // silent says why rule r has no amount for a row of schedule A.
  clew.silent = function (row, r) {
    const t = clew.trace;
    return t.words[t.units[t.rows.unit[row]].silent[r]];
  };

  // rowsOf lists the rows of a hop: one, or two where it has two legs.
  clew.rowsOf = function (hop) {
    const first = clew.trace.hops.row[hop - 1], out = [first];
    for (let i = first + 1; clew.trace.rows.hop[i] === hop; i++) out.push(i);
    return out;
  };

  // The view that the fragment names: where, then what is chosen: #hop12&rule=lifo&basis=rule.
  clew.choices = ['rule', 'from', 'to', 'min', 'asset', 'evidence', 'basis', 'chain', 'kind', 'q'];
  clew.state = { at: '' };
  clew.parse = function (hash) {
    const parts = hash.replace(/^#/, '').split('&'), state = { at: '' };
    parts.forEach(function (p, i) {
      const eq = p.indexOf('='), key = p.slice(0, eq);
      if (eq < 0 && i === 0) state.at = p;
      else if (clew.choices.includes(key)) {
        try { state[key] = decodeURIComponent(p.slice(eq + 1)); } catch (e) { state[key] = ''; }
      }
    });
    return state;
  };
  clew.fragment = function () {
    const chosen = clew.choices.filter(function (k) { return clew.state[k]; })
      .map(function (k) { return k + '=' + encodeURIComponent(clew.state[k]); });
    return '#' + [clew.state.at].concat(chosen).join('&');
  };
  // write puts what is chosen into the address, so that it can be cited.
  clew.write = function (at) {
    if (at !== undefined) clew.state.at = at;
    history.replaceState(null, '', clew.fragment());
  };

  // visit goes to a place of the page by its id: each part is asked in turn whether it knows it.
  const knows = [];
  clew.knows = function (fn) { knows.push(fn); };
  clew.visit = async function (id) {
    for (const fn of knows) {
      if (await fn(id)) {
        clew.write(id);
        return true;
      }
    }
    const e = id && document.getElementById(id);
    if (!e) return false;
    clew.write(id);
    e.scrollIntoView();
    return true;
  };
  document.addEventListener('click', function (e) {
    const a = e.target.closest('a[href^="#"]');
    if (!a || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    clew.visit(a.dataset.in || a.getAttribute('href').slice(1));
  });

  // element makes one; children are elements or text, never markup.
  clew.element = function (name, attributes, ...children) {
    const e = document.createElement(name);
    Object.entries(attributes || {}).forEach(function (a) { e.setAttribute(a[0], a[1]); });
    e.append(...children);
    return e;
  };
  clew.button = function (text, does, label) {
    const b = clew.element('button', { type: 'button' }, text);
    if (label) b.setAttribute('aria-label', label);
    b.addEventListener('click', does);
    return b;
  };
})();
