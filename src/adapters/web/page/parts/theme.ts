import { isText, recall, remember } from '../model/memory.ts';

export type Theme = 'system' | 'light' | 'dark';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export function currentTheme(): Theme {
  return recall('browser', 'theme', isTheme) ?? 'system';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** Goes on from one theme to the next, and remembers it. */
export function turnTheme(): void {
  const next = THEMES[(THEMES.indexOf(currentTheme()) + 1) % THEMES.length] ?? 'system';
  remember('browser', 'theme', next);
  applyTheme(next);
}

function isTheme(value: unknown): value is Theme {
  return isText(value) && (THEMES as readonly string[]).includes(value);
}
