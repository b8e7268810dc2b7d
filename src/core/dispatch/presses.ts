import { buttonRow } from '../ports/buttons.ts';
import { type OptionValue, parseOptions } from '../ports/command.ts';
import type { Dispatch, Press } from '../ports/events.ts';
import type { DispatchParts } from './parts.ts';

/** A text from a button's form; null if it was left empty. */
function textIn(values: Readonly<Record<string, OptionValue>>, name: string): string | null {
  const value = values[name];
  return typeof value === 'string' ? value : null;
}

/** Actions on answers: buttons, the platform's own stop button, and deletion. */
export function createPresses({
  services: { chat },
  arrivals,
  permission,
  teller,
}: DispatchParts): Pick<Dispatch, 'press' | 'refusalOfPress' | 'stop' | 'deleteAnswer'> {
  async function run(press: Press): Promise<void> {
    const { label: name, form = {} } = buttonRow(press.button);
    const parsed = parseOptions({ name, options: form }, press.given ?? {});
    if (!parsed.ok) return teller.say(press.surface, parsed.problem);
    const bar = press.button === 'stop' ? null : await permission.barOf(press);
    if (bar !== null) return teller.say(press.surface, bar);
    switch (press.button) {
      case 'stop':
        return chat.stop(press);
      case 'retry':
        return chat.retry(press, textIn(parsed.values, 'model'));
      case 'thinking':
        return chat.showThinking(press);
      case 'good':
      case 'bad':
        return chat.rate(press, press.button, textIn(parsed.values, 'reason'));
      case 'more':
        return chat.goOn(press);
      case 'confirm':
        return chat.confirm(press);
      case 'continue':
        return chat.continueInThread(press);
      case 'answer':
        return chat.answerMissed(press);
      case 'edited':
        return chat.answerEdited(press);
      case 'unlisten':
        return chat.unlisten(press);
    }
  }

  return {
    press: (press) => arrivals.handleOnce(press, () => run(press)),
    refusalOfPress: (press) => arrivals.refusal({ button: press.button }, () => chat.refusalOfPress(press)),
    stop: (event) =>
      arrivals.handleOnce(event, async () => {
        await chat.stopAt(event.place, event.actor);
      }),
    deleteAnswer: (request) => arrivals.handleOnce(request, () => chat.deleteAnswer(request)),
  };
}
