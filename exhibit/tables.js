// The long schedules: a page of rows at a time, searched and sorted. All rows are in the
// file: the first in a table, the others inside noscript elements, whose text a browser with
// scripts does not build into anything until a page asks for it.
(function () {
  const pageRows = 100, few = 12, mostPrinted = 2000;
  const files = { a: 'schedule_a_hops.csv', b: 'schedule_b_peels.csv', c: 'schedule_c_endpoints.csv', d: 'schedule_d_findings.csv' };
  const plain = function (html) {
    return html.replace(/<[^>]*>/g, ' ').replace(/&#34;/g, '"').replace(/&#39;/g, "'").replace(/&lt;/g, '<').replace(/&gt;/g, '>')
      .replace(/&amp;/g, '&').replace(/\u202f/g, '').replace(/\s+/g, ' ').trim();
  };

  // number reads what a cell begins with, but for dates; NaN where that is no number.
  const number = function (text) {
    const m = /^-?\d+(?:\.\d+)?(?![\d-])/.exec(text);
    return m ? parseFloat(m[0]) : NaN;
  };

  // Pages is one schedule: its container holds a chunk and then the rest in noscript.
  function Pages(box) {
    const self = this, live = box.querySelector(':scope > .chunk');
    const list = live.classList.contains('list');
    const body = list ? live : live.querySelector('tbody');
    const end = list ? '</details>\n' : '</tr>\n';
    let all = null, order = null, page = 0, column = -1, down = false;

    // What other parts may set: keep says which rows are shown, by number and text; cell is a cell's
    // text where it is not that of the file; dress changes a row that was built.
    this.keep = this.cell = this.dress = null;
    this.section = (box.closest('section') || box).id;

    function rows() {
      if (all) return all;
      all = Array.from(body.children, function (r) { return r.outerHTML; });
      box.querySelectorAll(':scope > noscript').forEach(function (n) {
        const text = n.textContent;
        const inner = list ? text.slice(text.indexOf('<details'), text.lastIndexOf(end) + end.length)
          : text.slice(text.indexOf('<tbody>') + 7, text.lastIndexOf('</tbody>'));
        inner.split(end).forEach(function (r) { if (r.trim()) all.push(r.trim() + end.trim()); });
      });
      return all;
    }

    const bar = document.createElement('div');
    bar.className = 'tools pager';
    const search = document.createElement('input');
    search.type = 'search';
    search.placeholder = 'find in this schedule';
    search.setAttribute('aria-label', 'Find in this schedule');
    const says = document.createElement('span');
    says.setAttribute('role', 'status');
    const buttons = ['First', 'Previous', 'Next', 'Last'].map(function (name) {
      return clew.button(name, function () {
        const last = Math.max(0, Math.ceil(total() / pageRows) - 1);
        show({ First: 0, Previous: page - 1, Next: page + 1, Last: last }[name]);
      });
    });

    function total() { return order ? order.length : Number(box.dataset.rows); }

    function tell() {
      const n = total(), from = page * pageRows;
      says.textContent = n ? ' ' + (from + 1) + ' to ' + Math.min(from + pageRows, n) + ' of ' + n + ' ' : ' nothing found ';
      buttons[0].disabled = buttons[1].disabled = page === 0;
      buttons[2].disabled = buttons[3].disabled = from + pageRows >= n;
    }

    function fill(some) {
      body.innerHTML = some.map(function (i) { return rows()[i]; }).join('');
      body.querySelectorAll('.pages').forEach(function (b) { new Pages(b); });
      dress(some);
    }
    function dress(some) {
      if (self.dress) Array.from(body.children).forEach(function (r, k) { self.dress(r, some[k]); });
    }

    function every() { return order || rows().map(function (_, i) { return i; }); }
    function show(k) {
      page = k;
      fill(every().slice(k * pageRows, (k + 1) * pageRows));
      tell();
    }

    function textOf(i, c) {
      const own = self.cell && self.cell(i, c);
      return own === null || own === undefined ? plain('<td' + (all[i].split('<td')[c + 1] || '')) : plain(own);
    }

    // choose applies the filter, the search and the order.
    function choose() {
      const want = plain(search.value.replace(/&/g, '&amp;').replace(/</g, '&lt;')).toLowerCase();
      order = rows().map(function (_, i) { return i; });
      if (self.keep) order = order.filter(function (i) { return self.keep(i, all[i]); });
      if (want) order = order.filter(function (i) { return plain(all[i]).toLowerCase().includes(want); });
      if (column >= 0) {
        const key = order.map(function (i) {
          const text = textOf(i, column);
          return { i: i, text: text, n: number(text) };
        });
        key.sort(function (a, b) {
          let c = 0;
          if (!isNaN(a.n) && !isNaN(b.n)) c = a.n - b.n;
          else if (isNaN(a.n) !== isNaN(b.n)) return isNaN(a.n) ? 1 : -1;
          else c = a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
          return (down ? -c : c) || a.i - b.i;
        });
        order = key.map(function (k) { return k.i; });
      }
      show(0);
    }
    let waiting = 0;
    search.addEventListener('input', function () {
      clearTimeout(waiting);
      waiting = setTimeout(choose, 200);
    });

    // again shows the same anew, after keep, cell or dress changed. Where nothing chooses among the
    // rows, those on the page are enough.
    this.again = function (chosen) {
      if (chosen || order) choose();
      else dress(every().slice(page * pageRows, (page + 1) * pageRows));
    };

    // find shows the row with the given id, in the order of the file, whatever was searched.
    this.find = function (id) {
      const at = rows().findIndex(function (r) { return r.startsWith('<tr id="' + id + '"'); });
      if (at < 0) return false;
      search.value = '';
      mark(-1);
      order = null;
      if (self.keep) {
        const kept = rows().map(function (_, i) { return i; }).filter(function (i) { return self.keep(i, all[i]); });
        if (kept.includes(at)) order = kept;
      }
      show(Math.floor((order ? order.indexOf(at) : at) / pageRows));
      return true;
    };

    const heads = list ? [] : Array.from(live.querySelectorAll('thead th'));
    function mark(c) {
      column = c;
      heads.forEach(function (th, k) {
        if (k === c) th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        else th.removeAttribute('aria-sort');
      });
    }
    function sort(c) {
      down = c === column && !down;
      mark(c);
      choose();
    }

    // On paper stand all rows that are chosen, or, where these are more than a browser sets on pages,
    // those that are shown, and where the others are.
    const left = clew.element('p', { class: 'left', hidden: '' });
    function print() {
      const some = every();
      if (some.length <= mostPrinted) {
        fill(some);
        return;
      }
      left.textContent = 'Printed here are rows ' + (page * pageRows + 1) + ' to ' + Math.min((page + 1) * pageRows, some.length) + ' of ' + some.length +
        ', too many to print from this page. All of them are in ' + files[self.section] + ' beside it; exhibit.pdf is made for paper.';
      left.hidden = false;
    }
    if (box.querySelector(':scope > noscript')) {
      box.prepend(left);
      window.addEventListener('beforeprint', print);
      window.addEventListener('afterprint', function () {
        left.hidden = true;
        show(page);
      });
    }

    if (Number(box.dataset.rows) <= few) return;
    heads.forEach(function (th, c) {
      th.tabIndex = 0;
      th.classList.add('sorts');
      th.title = 'sort by this column';
      th.addEventListener('click', function () { sort(c); });
      th.addEventListener('keydown', function (e) {
        if (e.key === 'Enter' || e.key === ' ') {
          e.preventDefault();
          sort(c);
        }
      });
    });
    bar.append(search);
    if (Number(box.dataset.rows) > pageRows) {
      bar.append(buttons[0], buttons[1], says, buttons[2], buttons[3]);
      tell();
    } else bar.append(says);
    box.prepend(bar);
  }
  clew.schedules = Array.from(document.querySelectorAll('.pages'), function (box) { return new Pages(box); });

  // reach shows a row of a schedule, which may be on a page that is not built yet, and lights it.
  // With still, the page is not scrolled to it.
  clew.reach = function (id, still) {
    const m = /^(hop|end|finding)\d+$/.exec(id);
    if (!m) return false;
    const section = { hop: 'a', end: 'c', finding: 'd' }[m[1]];
    if (!document.getElementById(id) && !clew.schedules.some(function (s) { return s.section === section && s.find(id); })) return false;
    clew.lightRows([id]);
    const row = document.getElementById(id);
    for (let d = row.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
    if (!still) row.scrollIntoView({ block: 'center' });
    return true;
  };
  clew.lightRows = function (ids) {
    document.querySelectorAll('tr.lit').forEach(function (r) { r.classList.remove('lit'); });
    ids.forEach(function (id) {
      const r = document.getElementById(id);
      if (r) r.classList.add('lit');
    });
  };
  clew.knows(async function (id) {
    const m = /^hop(\d+)$/.exec(id);
    if (m) await clew.explain(Number(m[1])); // before the row is brought into sight: the panel narrows the page
    return clew.reach(id);
  });
})();
