// Search over the whole trace: a hop's number, a transaction, an address, its alias or what is said
// of it. Enter goes to the next hit, and drawing and schedule A both show it.
(function () {
  const field = document.getElementById('find'), says = document.getElementById('hits');
  let of = '', hits = [], at = -1, places = null;

  function textOf(p) { return [p.alias, p.address, p.claim].concat(p.found || []).filter(Boolean).join('\n').toLowerCase(); }

  // search lists the numbers of the hops that a text is about, in order.
  function search(text) {
    const t = clew.trace, want = text.trim().toLowerCase();
    if (!want) return [];
    const exact = /^(?:hop )?#?(\d{1,9})$/.exec(want);
    if (exact && t.hops.kind[Number(exact[1]) - 1] !== undefined) return [Number(exact[1])];
    if (!places) places = t.places.map(textOf);
    const alias = t.places.findIndex(function (p) { return p.alias && p.alias.toLowerCase() === want; });
    const is = places.map(function (p, i) { return alias < 0 ? p.includes(want) : i === alias; });
    const out = [], bare = want.replace(/^0x/, '');
    t.rows.hop.forEach(function (hop, i) {
      if (out[out.length - 1] === hop) return;
      if (bare.length > 5 && t.rows.tx[i].includes(bare) || is[t.rows.to[i]] || t.rows.from[i].some(function (n) { return is[n]; })) out.push(hop);
    });
    return out;
  }

  // step goes on by one hit, or back.
  async function step(by) {
    await clew.data();
    if (field.value !== of) {
      of = field.value;
      hits = search(of);
      at = by > 0 ? -1 : 0;
    }
    clew.state.q = of.trim();
    clew.write();
    if (!hits.length) {
      says.textContent = of.trim() ? 'nothing found' : '';
      return;
    }
    at = (at + by + hits.length) % hits.length;
    says.textContent = (at + 1) + ' of ' + hits.length + ': hop ' + hits[at];
    await clew.showHop(hits[at]);
  }

  // showHop lights a hop in the drawing and in schedule A, and brings the drawing into sight where
  // neither is; the field keeps the focus.
  clew.showHop = async function (hop) {
    await clew.explain(hop, true);
    const place = clew.drawing.placeOf(hop);
    if (place) await clew.drawing.reveal(place, true);
    clew.reach('hop' + hop, true);
    const seen = function (e) {
      const r = e && e.getBoundingClientRect();
      return r && r.top < innerHeight - 60 && r.bottom > 120;
    };
    const row = document.getElementById('hop' + hop);
    if (place ? !seen(clew.stage.element) && !seen(row) : !seen(row)) {
      (place ? document.getElementById('flow') : row).scrollIntoView({ block: place ? 'start' : 'center' });
    }
    const lit = clew.stage.svg().querySelector('.lit');
    if (lit && !seen(row)) clew.stage.inSight(lit);
    clew.write('hop' + hop);
  };

  clew.search = function (text) {
    field.value = text;
    return step(1);
  };
  // A hop's number in schedule A leads to what shows it under the rule that is shown, and says it in words.
  document.getElementById('a').addEventListener('click', function (e) {
    const a = e.target.closest('td:first-child a');
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    const hop = Number(a.textContent);
    clew.explain(hop, true).then(function () {
      clew.reach('hop' + hop, true);
      return clew.visit(clew.drawing.placeOf(hop) || 'hop' + hop);
    });
  });

  field.addEventListener('input', function () { says.textContent = ''; }); // what it says is of another text
  field.addEventListener('keydown', function (e) {
    if (e.key === 'Enter') {
      e.preventDefault();
      step(e.shiftKey ? -1 : 1);
    } else if (e.key === 'Escape') {
      field.value = of = clew.state.q = says.textContent = '';
      clew.write();
    }
  });
})();
