'use strict';
// The long schedules: a page of rows at a time, searched and sorted. All rows are in the
// file: the first in a table, the others inside noscript elements, whose text a browser with
// scripts does not build into anything until a page asks for it.
(function () {
  const pageRows = 100, few = 12;
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
    const live = box.querySelector(':scope > .chunk');
    const list = live.classList.contains('list');
    const body = list ? live : live.querySelector('tbody');
    const end = list ? '</details>\n' : '</tr>\n';
    let all = null, order = null, page = 0, column = -1, down = false;

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
      const b = document.createElement('button');
      b.type = 'button';
      b.textContent = name;
      b.addEventListener('click', function () {
        const last = Math.max(0, Math.ceil(total() / pageRows) - 1);
        show({ First: 0, Previous: page - 1, Next: page + 1, Last: last }[name]);
      });
      return b;
    });

    function total() { return order ? order.length : Number(box.dataset.rows); }

    function tell() {
      const n = total(), from = page * pageRows;
      says.textContent = n ? ' ' + (from + 1) + ' to ' + Math.min(from + pageRows, n) + ' of ' + n + ' ' : ' nothing found ';
      buttons[0].disabled = buttons[1].disabled = page === 0;
      buttons[2].disabled = buttons[3].disabled = from + pageRows >= n;
    }

    function fill(html) {
      body.innerHTML = html.join('');
      body.querySelectorAll('.pages').forEach(function (b) { new Pages(b); });
    }

    function show(k) {
      page = k;
      const some = order || rows().map(function (_, i) { return i; });
      fill(some.slice(k * pageRows, (k + 1) * pageRows).map(function (i) { return rows()[i]; }));
      tell();
    }

    // choose applies the search and the order.
    function choose() {
      const want = plain(search.value.replace(/&/g, '&amp;').replace(/</g, '&lt;')).toLowerCase();
      order = rows().map(function (_, i) { return i; });
      if (want) order = order.filter(function (i) { return plain(all[i]).toLowerCase().includes(want); });
      if (column >= 0) {
        const key = order.map(function (i) {
          const text = plain('<td' + (all[i].split('<td')[column + 1] || ''));
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

    // find shows the row with the given id, in the order of the file.
    this.find = function (id) {
      const at = rows().findIndex(function (r) { return r.startsWith('<tr id="' + id + '"'); });
      if (at < 0) return false;
      order = null;
      search.value = '';
      mark(-1);
      show(Math.floor(at / pageRows));
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

    window.addEventListener('beforeprint', function () { if (box.querySelector(':scope > noscript')) fill(rows()); });
    window.addEventListener('afterprint', function () { if (box.querySelector(':scope > noscript')) show(page); });

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
  const schedules = Array.from(document.querySelectorAll('.pages'), function (box) { return new Pages(box); });

  // A link to a row that is not on the page yet finds it first.
  function reach(id) {
    if (!/^hop\d+$/.test(id)) return false;
    if (!document.getElementById(id) && !schedules.some(function (s) { return s.find(id); })) return false;
    document.querySelectorAll('tr.lit').forEach(function (r) { r.classList.remove('lit'); });
    const row = document.getElementById(id);
    row.classList.add('lit');
    row.scrollIntoView({ block: 'center' });
    return true;
  }
  document.addEventListener('click', function (e) {
    const a = e.target.closest('a[href^="#hop"]');
    if (!a || e.defaultPrevented) return;
    const id = a.getAttribute('href').slice(1);
    if (reach(id)) {
      e.preventDefault();
      history.replaceState(null, '', '#' + id);
    }
  });
  if (location.hash) reach(location.hash.slice(1));
  window.addEventListener('hashchange', function () { reach(location.hash.slice(1)); });
})();
