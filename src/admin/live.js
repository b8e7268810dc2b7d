/** Refreshes the live part every few seconds while the page is visible. */
const EVERY_MS = 3000;
const policy = window.trustedTypes?.createPolicy('parley', { createHTML: (text) => text });

setInterval(async () => {
  const live = document.getElementById('live');
  // Keeps the button that a person is about to press, and the row that they read.
  if (document.hidden || live === null || live.contains(document.activeElement)) return;
  try {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!response.ok) return;
    const text = await response.text();
    const next = new DOMParser().parseFromString(policy?.createHTML(text) ?? text, 'text/html');
    const fresh = next.getElementById('live');
    if (fresh !== null && !live.contains(document.activeElement)) live.replaceWith(fresh);
  } catch {
    // The server may be restarting; the next try is soon.
  }
}, EVERY_MS);
