import type { Workspace } from './workspace.ts';

const MENTION = /<@([UW]\w+)>|<!subteam\^(S\w+)>/g;

/**
 * The text behind a slash command as Slack sends it. If the command is escaped (`should_escape`), mentions come with
 * their ids, and what could be taken for one as entities; else all comes as it reads, mentions as plain names.
 */
export function typedBehindCommand(text: string, isEscaped: boolean, workspace: Workspace): string {
  const read = (_: string, user: string | undefined, group: string | undefined): string => {
    if (user !== undefined) {
      const name = (workspace.users.get(user)?.name ?? '').toLowerCase();
      return isEscaped ? `<@${user}|${name}>` : `@${name}`;
    }
    const handle = `@${workspace.userGroups.get(group ?? '')?.handle ?? ''}`;
    return isEscaped ? `<!subteam^${group}|${handle}>` : handle;
  };
  if (!isEscaped) return text.replace(MENTION, read);
  let sent = '';
  let from = 0;
  for (const mention of text.matchAll(MENTION)) {
    sent += escaped(text.slice(from, mention.index)) + read('', mention[1], mention[2]);
    from = mention.index + mention[0].length;
  }
  return sent + escaped(text.slice(from));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
