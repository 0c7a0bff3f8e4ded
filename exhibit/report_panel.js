// The panel: one hop in plain sentences, with its evidence, what every rule says of it, its hashes,
// what it carries on and what it feeds, and how to check it. All of it is put in as text.
(function () {
  const panel = document.getElementById('panel'), body = document.getElementById('panel-body');
  const most = 200; // hops of one arrow that are listed
  const el = clew.element;
  let shown = 0, back = null, feeds = null;

  function link(hop) { return el('a', { href: '#hop' + hop }, String(hop)); }
  function list(items) {
    const out = [];
    items.forEach(function (i, k) { out.push(k ? (k === items.length - 1 ? ' and ' : ', ') : '', i); });
    return out;
  }
  function copy(text, what) {
    const b = clew.button('Copy', function () {
      const done = function () { b.textContent = 'Copied'; };
      const byHand = function () {
        const range = document.createRange();
        range.selectNodeContents(b.previousElementSibling);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        b.textContent = document.execCommand('copy') ? 'Copied' : 'Press Ctrl+C';
      };
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, byHand);
      else byHand();
    }, 'Copy ' + what);
    b.className = 'copy';
    return b;
  }
  function hash(label, text) { return el('p', { class: 'pair' }, el('small', {}, label), el('span', { class: 'hash' }, text), copy(text, label)); }

  // placeText names a place in a sentence; its whole address stands below.
  function placeText(i) {
    const p = clew.trace.places[i], a = p.address || '';
    return (p.alias ? p.alias + ' ' : '') + (a.length > 16 ? a.slice(0, 8) + '…' + a.slice(-6) : a) + (p.claim ? ' (claimed: ' + p.claim + ')' : '') +
      (p.found ? ' (' + p.found.join('; ') + ')' : '');
  }

  // deed says what a leg moved.
  function deed(hop, row) {
    const t = clew.trace, r = t.rows, u = r.unit[row], kind = t.words[t.hops.kind[hop - 1]], role = t.words[r.role[row]];
    const who = r.from[row].map(placeText).join(' and ') || 'newly made coins';
    const what = clew.amount(u, r.whole[row]);
    const when = ', at ' + r.time[row] + ' UTC in block ' + r.height[row] + ' of ' + t.units[u].chain;
    const beside = r.beside[row] ? ', ' + r.beside[row] : '';
    if (kind === 'fee' && !role) return who + ' paid a fee of ' + what + beside + when + '.';
    return who + ' paid ' + what + ' to ' + placeText(r.to[row]) + beside + (role ? ' (' + role + ')' : '') + when + '.';
  }

  // why says how the hop comes to be in the trace.
  function why(hop) {
    const t = clew.trace, rows = clew.rowsOf(hop), last = rows[rows.length - 1], rule = t.rules[clew.rule];
    const name = rule.name + (rule.declared ? ', the declared rule,' : clew.rule === t.shown ? '' : ', shown for comparison,');
    const a = clew.traced(last, clew.rule), out = [];
    const inputs = t.hops.inputs[hop - 1];
    if (inputs.length) {
      out.push(el('p', {}, 'It is in the trace because it carries on ', ...list(inputs.slice(0, most).map(function (i) {
        return i < 0 ? 'seed ' + t.seeds[-i - 1] : el('span', {}, 'what came by hop ', link(i));
      })), inputs.length > most ? ' and ' + (inputs.length - most) + ' more.' : '.'));
    }
    const others = t.rules.filter(function (r, i) { return i !== clew.rule && Number(clew.traced(last, i) || 0) > 0; }).map(function (r) { return r.name; });
    if (a === null) out.push(el('p', {}, 'Under ' + name + ' nothing can be said of it: ' + clew.silent(last, clew.rule) + '.'));
    else if (a === '0') out.push(el('p', {}, 'Under ' + name + ' none of it is traced; it is here because ' + (others.join(', ') || 'no rule') + ' ' + (others.length === 1 ? 'traces' : 'trace') + ' some.'));
    else {
      const b = t.hops.basis[clew.rule][hop - 1], word = b < 0 ? '' : t.words[b];
      const says = t.bases.find(function (x) { return x.word === word; });
      out.push(el('p', {}, 'Under ' + name + ' ', el('b', {}, clew.amount(t.rows.unit[last], a)), ' of it is traced' + (says ? ', ' + says.says : '') + '.'));
    }
    if (t.hops.link[hop - 1]) out.push(el('p', {}, 'The two sides are linked by ' + t.hops.link[hop - 1] + '.'));
    return out;
  }

  function evidence(rows) {
    const t = clew.trace, words = Array.from(new Set(rows.map(function (r) { return t.words[t.rows.evidence[r]]; })));
    return words.map(function (w) {
      const says = t.evidence.find(function (x) { return x.word === w; });
      return el('p', {}, says ? says.says : 'The movement is ' + w + '.');
    });
  }

  function rules(hop, last) {
    const t = clew.trace, body = el('tbody', {});
    t.rules.forEach(function (r, i) {
      const a = clew.traced(last, i), b = t.hops.basis[i][hop - 1];
      const tr = el('tr', {}, el('th', { scope: 'row' }, r.name + (r.declared ? ' (declared)' : '')),
        el('td', { class: 'n' }, a === null ? '–' : clew.number(t.rows.unit[last], a)), el('td', {}, a === null ? clew.silent(last, i) : b < 0 ? '' : t.words[b]));
      tr.classList.toggle('shown', i === clew.rule);
      body.append(tr);
    });
    return el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, 'Rule'), el('th', { class: 'n' }, 'Traced'), el('th', {}, 'Basis'))), body);
  }

  // next says what became of the value: the hops that carry it on, and where it ends.
  function next(hop) {
    const t = clew.trace, out = [];
    if (!feeds) {
      feeds = new Map();
      t.hops.inputs.forEach(function (inputs, i) {
        inputs.forEach(function (n) { if (n > 0) feeds.set(n, (feeds.get(n) || []).concat(i + 1)); });
      });
    }
    const on = feeds.get(hop) || [];
    if (on.length) out.push(el('p', {}, 'It goes on in ' + (on.length > 1 ? 'hops ' : 'hop '), ...list(on.slice(0, most).map(link)), on.length > most ? ' and ' + (on.length - most) + ' more.' : '.'));
    t.ends.hop.forEach(function (h, i) {
      if (h !== hop) return;
      out.push(el('p', {}, 'It ends here: ' + t.words[t.ends.reason[i]] + (t.ends.note[i] ? ' (' + t.ends.note[i] + ')' : '') + ', ', el('a', { href: '#end' + (i + 1) }, 'endpoint ' + (i + 1)), '.'));
    });
    return out;
  }

  function findings(hop) {
    const t = clew.trace;
    return t.hops.finding[hop - 1].map(function (n) {
      const f = t.findings[n - 1];
      return el('p', { class: 'finding' }, el('a', { href: '#finding' + n }, 'Finding ' + n), ': ' + f.title + ' – ' + f.says + '. ', el('i', {}, f.error + '.'));
    });
  }

  function hashes(rows) {
    const t = clew.trace, out = [], seen = new Set();
    const add = function (label, text) {
      if (!text || seen.has(text)) return;
      seen.add(text);
      out.push(hash(label, text));
    };
    rows.forEach(function (r) {
      add('transaction', t.rows.tx[r]);
      out.push(el('p', { class: 'fine' }, 'position: ' + t.rows.position[r]));
      t.rows.raw[r].forEach(function (h) { add('SHA-256 of its bytes', h); });
      t.rows.from[r].forEach(function (p) { add('from ' + (t.places[p].alias || ''), t.places[p].address); });
      add('to ' + (t.places[t.rows.to[r]].alias || ''), t.places[t.rows.to[r]].address);
    });
    return out;
  }

  // checks are the requests that show the hop on a node of one's own, for the reader to copy.
  function checks(rows) {
    const t = clew.trace, lines = [];
    let head = '';
    rows.forEach(function (r, i) {
      const c = t.checks.find(function (x) { return x.chain === t.units[t.rows.unit[r]].chain; });
      if (!c || c.last && i + 1 < rows.length) return;
      head = c.head;
      const fill = function (text, raw) {
        return text.replaceAll('{tx}', t.rows.tx[r].replace(/^0x/, '')).replaceAll('{height}', String(t.rows.height[r])).replaceAll('{raw}', raw);
      };
      c.forms.forEach(function (f) {
        if (f.for === 'raw') t.rows.raw[r].forEach(function (h) { lines.push(fill(f.text, h)); });
        else if (f.for !== 'call' || /\bcall\b/.test(t.rows.position[r])) lines.push(fill(f.text, ''));
      });
    });
    const text = Array.from(new Set(lines)).join('\n');
    return [el('h3', {}, head), el('pre', { tabindex: '0' }, text), copy(text, 'the commands')];
  }

  function put(title, ...content) {
    body.replaceChildren(el('h2', { id: 'panel-title', tabindex: '-1' }, title), ...content);
    panel.hidden = false;
    document.documentElement.classList.add('with-panel');
    clew.tell('panel');
    panel.scrollTop = 0;
  }

  // explain shows one hop.
  function explain(hop, several) {
    const t = clew.trace, rows = clew.rowsOf(hop), last = rows[rows.length - 1];
    shown = hop;
    const tools = el('p', { class: 'tools' });
    if (several) tools.append(clew.button('‹ All ' + several.length + ' hops', function () { choose(several); }));
    const place = clew.drawing.placeOf(hop);
    if (place) tools.append(clew.button('In the diagram', function () { clew.visit(place); }));
    tools.append(clew.button('In schedule A', function () { clew.reach('hop' + hop); }));
    if (hop > 1) tools.append(clew.button('‹', function () { clew.showHop(hop - 1); }, 'Hop before'));
    if (hop < t.hops.kind.length) tools.append(clew.button('›', function () { clew.showHop(hop + 1); }, 'Hop after'));
    put('Hop ' + hop + ': ' + t.words[t.hops.kind[hop - 1]], tools, ...rows.map(function (r) { return el('p', { class: 'lead' }, deed(hop, r)); }),
      ...why(hop), ...evidence(rows), ...findings(hop), ...next(hop), el('h3', {}, 'What every rule says, in ' + t.units[t.rows.unit[last]].symbol), rules(hop, last),
      el('h3', {}, 'Hashes and addresses'), ...hashes(rows), ...checks(rows));
  }

  // choose lists the hops of one arrow or box.
  function choose(numbers) {
    const t = clew.trace, ol = el('ul', { class: 'choose' });
    shown = 0;
    numbers.slice(0, most).forEach(function (n) {
      const rows = clew.rowsOf(n), r = rows[rows.length - 1], a = clew.traced(r, clew.rule), u = t.rows.unit[r];
      ol.append(el('li', {}, clew.button('Hop ' + n, function () { explain(n, numbers); }), ' ' + t.rows.time[r] + ' ' +
        (a === null ? clew.silent(r, clew.rule) : clew.amount(u, a)) + (a !== null && a !== t.rows.whole[r] ? ' of ' + clew.amount(u, t.rows.whole[r]) : '')));
    });
    put(numbers.length + ' hops', ol, numbers.length > most ? el('p', { class: 'fine' }, 'and ' + (numbers.length - most) + ' more: schedule A.') : '');
  }

  function close() {
    panel.hidden = true;
    document.documentElement.classList.remove('with-panel');
    clew.tell('panel');
    shown = 0;
    if (back && back.isConnected) back.focus({ preventScroll: true });
    back = null;
  }

  // open takes the focus, unless it is to be kept where it is.
  function open(show, from, keep) {
    return clew.data().then(function () {
      if (!keep) back = from || document.activeElement;
      show();
      const title = document.getElementById('panel-title');
      if (!keep && title) title.focus({ preventScroll: true });
    });
  }
  clew.on('hops', function (what) {
    open(function () {
      clew.lightRows(what.numbers.map(function (n) { return 'hop' + n; }));
      if (what.numbers.length === 1) {
        explain(what.numbers[0]);
        clew.write('hop' + what.numbers[0]);
      } else choose(what.numbers);
      const g = what.from && what.from.closest('#stage g.arrow, #stage g.label, #stage g.box');
      if (g) clew.stage.inSight(g);
    }, what.from);
  });
  // explain shows a hop in words, if there is one of that number; with keep, the focus stays where it is.
  clew.explain = function (number, keep) {
    return open(function () { if (clew.trace.hops.kind[number - 1] !== undefined) explain(number); }, null, keep);
  };
  clew.on('rule', function () { if (shown && !panel.hidden) explain(shown); });

  // A press on a row of schedule A opens it, unless text is being marked or a link is meant.
  document.getElementById('a').addEventListener('click', function (e) {
    const tr = e.target.closest('tbody tr');
    if (!tr || e.target.closest('a, button') || String(getSelection())) return;
    clew.data().then(function () {
      const first = tr.id ? tr : tr.previousElementSibling;
      if (first && first.id) clew.tell('hops', { numbers: [Number(first.id.slice(3))], from: tr.querySelector('a') });
    });
  });
  document.getElementById('panel-close').addEventListener('click', close);
  panel.addEventListener('keydown', function (e) {
    if (e.key === 'Escape') {
      e.stopPropagation();
      close();
    }
  });
  clew.panel = { close: close, open: function () { return !panel.hidden; }, hop: function () { return shown; } };
})();
