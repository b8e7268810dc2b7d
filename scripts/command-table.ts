import type { Command } from '../src/core/command.ts';
import { inWordsOf, isAskedInForm } from '../src/core/ports/command.ts';

const BEGIN = '<!-- commands: made by `npm run readme` -->';
const END = '<!-- /commands -->';

/** The README with its command table regenerated from the declarations. */
export function withCommandTable(readme: string, commands: readonly Command[]): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the README lacks ${BEGIN} … ${END}`);
  const rows = commands
    .map((each) => inWordsOf('discord', each))
    .map((command) => {
      const options = Object.entries(command.options).map(([name, { required }]) =>
        required ? `\`${name}\`` : `[\`${name}\`]`,
      );
      const form = isAskedInForm(command) ? 'in a form: ' : '';
      return `| \`/${command.name}\` | ${form}${options.join(' ')} | ${command.description} |`;
    });
  const table = ['| command | options | what it does |', '|---|---|---|', ...rows].join('\n');
  return `${readme.slice(0, begin)}${BEGIN}\n${table}\n${readme.slice(end)}`;
}
