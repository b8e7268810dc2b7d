/** Shows what the server says every few seconds, while the page is looked at. */
const EVERY_MS = 3000;
const policy = window.trustedTypes?.createPolicy('parley', { createHTML: (text) => text });

setInterval(async () => {
  const live = document.getElementById('live');
  // Nobody loses the button that they are about to press, or the row that they read.
  if (document.hidden || live === null || live.contains(document.activeElement)) return;
  try {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!response.ok) return;
    const text = await response.text();
    const next = new DOMParser().parseFromString(policy?.createHTML(text) ?? text, 'text/html');
    const fresh = next.getElementById('live');
    if (fresh !== null && !live.contains(document.activeElement)) live.replaceWith(fresh);
  } catch {
    // The server may be starting again; the next try is soon.
  }
}, EVERY_MS);
